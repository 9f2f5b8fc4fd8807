import bz2
import gzip
import hashlib
import importlib.util
import lzma
import unittest
from collections.abc import Callable

from howdah.wal.codec import CODECS, Unreadable, codec_of, decompressor, digest_of
from tests.support import TestCase

CONTENT = b"WAL " * 100_000


def zstd(content: bytes) -> bytes:
    import zstandard

    return bytes(zstandard.ZstdCompressor().compress(content))


def lz4(content: bytes) -> bytes:
    import lz4.frame

    return bytes(lz4.frame.compress(content))


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstd,
    "lz4": lz4,
}
PACKAGES = {"zstd": "zstandard", "lz4": "lz4"}


def is_here(codec: str) -> bool:
    package = PACKAGES.get(codec)
    return package is None or importlib.util.find_spec(package) is not None


class CodecTest(TestCase):
    def test_there_is_a_packer_here_for_every_codec(self) -> None:
        self.assertEqual([codec.name for codec in CODECS], list(PACKERS))

    def for_each(self, check: Callable[[str, bytes], None]) -> None:
        for name, pack in PACKERS.items():
            with self.subTest(name):
                if not is_here(name):
                    raise unittest.SkipTest(f"{PACKAGES[name]} is not installed")
                check(name, pack(CONTENT))

    def test_the_first_bytes_tell_the_codec(self) -> None:
        self.for_each(lambda name, packed: self.assertEqual(codec_of(packed[:6]).name, name))
        self.assertEqual(codec_of(b"").name, "none")
        self.assertEqual(codec_of(CONTENT[:6]).name, "none")

    def test_a_digest_is_of_the_content_however_it_is_filed(self) -> None:
        def check(_: str, packed: bytes) -> None:
            path = self.put("packed", packed)
            self.assertEqual(digest_of(path), hashlib.sha256(CONTENT).hexdigest())
            self.assertEqual(digest_of(path, 1000), hashlib.sha256(CONTENT[:1000]).hexdigest())

        self.for_each(check)
        check("none", CONTENT)

    def test_a_stream_comes_out_as_it_went_in_and_says_when_it_has_ended(self) -> None:
        def check(_: str, packed: bytes) -> None:
            stream = decompressor(packed)
            middle = len(packed) // 2
            first = stream.decompress(packed[:middle])
            self.assertFalse(stream.eof)
            self.assertEqual(first + stream.decompress(packed[middle:]), CONTENT)
            self.assertTrue(stream.eof)

        self.for_each(check)

    def test_what_is_damaged_is_unreadable_and_not_merely_different(self) -> None:
        path = self.put("packed", gzip.compress(CONTENT)[:-100])
        with self.assertRaises(Unreadable):
            digest_of(path)

    def test_what_is_not_there_is_no_damage(self) -> None:
        with self.assertRaises(FileNotFoundError):
            digest_of(self.path("nothing"))
