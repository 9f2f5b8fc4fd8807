"""How WAL files of the archive are compressed: told by their first bytes, as Barman tells it."""

import bz2
import gzip
import hashlib
import lzma
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Protocol, TypeVar, cast

CHUNK = 1 << 20
MAGIC_BYTES = 6
Result = TypeVar("Result")


class Unreadable(Exception):
    """What Barman has filed cannot be read back."""


class Decompressor(Protocol):
    """A stream, piece by piece. `eof` says whether its end mark has come: without it the stream was cut off."""

    @property
    def eof(self) -> bool: ...

    def decompress(self, data: bytes, /) -> bytes: ...


class Plain:
    """A stream that is not compressed ends wherever it ends."""

    eof = True

    def decompress(self, data: bytes, /) -> bytes:
        return data


@dataclass(frozen=True)
class Codec:
    name: str
    magic: bytes
    stream: Callable[[], Decompressor]
    open: Callable[[str], IO[bytes]]


# Not every program that reads WAL needs these two packages, and some start without a way to them (see fetch.py).


def _zstd_stream() -> Decompressor:
    import zstandard

    return cast(Decompressor, zstandard.ZstdDecompressor().decompressobj())


def _zstd_open(path: str) -> IO[bytes]:
    import zstandard

    return cast(IO[bytes], zstandard.open(path, "rb"))


def _lz4_stream() -> Decompressor:
    import lz4.frame

    return cast(Decompressor, lz4.frame.LZ4FrameDecompressor())


def _lz4_open(path: str) -> IO[bytes]:
    import lz4.frame

    return cast(IO[bytes], lz4.frame.open(path, "rb"))


CODECS = (
    Codec("gzip", b"\x1f\x8b\x08", lambda: zlib.decompressobj(wbits=31), lambda path: cast(IO[bytes], gzip.open(path))),
    Codec("bzip2", b"BZh", bz2.BZ2Decompressor, bz2.open),
    Codec("xz", b"\xfd7zXZ\x00", lzma.LZMADecompressor, lambda path: cast(IO[bytes], lzma.open(path))),
    Codec("zstd", b"\x28\xb5\x2f\xfd", _zstd_stream, _zstd_open),
    Codec("lz4", b"\x04\x22\x4d\x18", _lz4_stream, _lz4_open),
)
PLAIN = Codec("none", b"", Plain, lambda path: open(path, "rb"))


def codec_of(start: bytes) -> Codec:
    """By a file's first bytes; fewer than MAGIC_BYTES only where it has no more."""
    return next((codec for codec in CODECS if start.startswith(codec.magic)), PLAIN)


def decompressor(start: bytes) -> Decompressor:
    return codec_of(start).stream()


def read(path: str, take: Callable[[IO[bytes]], Result]) -> Result:
    """What TAKE makes of the file, opened for reading, uncompressed."""
    with open(path, "rb") as file:
        codec = codec_of(file.read(MAGIC_BYTES))
    try:
        with codec.open(path) as plain:
            return take(plain)
    except FileNotFoundError:
        raise
    except Exception as error:
        # Each library has its own errors, and a missing one is an ImportError.
        raise Unreadable(f"{path} cannot be read: {error}") from error


def digest_of(path: str, first: int | None = None) -> str:
    """SHA-256 of what the file holds, or of as many of its first bytes as are asked for."""

    def digest(file: IO[bytes]) -> str:
        known = hashlib.sha256()
        left = first
        while part := file.read(CHUNK if left is None else min(CHUNK, left)):
            known.update(part)
            left = None if left is None else left - len(part)
        return known.hexdigest()

    return read(path, digest)
