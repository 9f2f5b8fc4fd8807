"""What a WAL file of the archive holds, however Barman has filed it."""
import bz2
import gzip
import hashlib
import lzma

CHUNK = 1 << 20


class Unreadable(Exception):
    """What Barman has filed cannot be read back."""


def zstd(path, mode):
    import zstandard  # pylint: disable=import-outside-toplevel
    return zstandard.open(path, mode)


def lz4(path, mode):
    import lz4.frame  # pylint: disable=import-outside-toplevel,redefined-outer-name
    return lz4.frame.open(path, mode)


# As Barman tells them apart.
COMPRESSIONS = [(b"\x1f\x8b\x08", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ\x00", lzma.open), (b"(\xb5/\xfd", zstd), (b"\x04\x22\x4d\x18", lz4)]


def read(path, take):
    """What TAKE makes of the file, opened for reading, uncompressed."""
    with open(path, "rb") as file:
        start = file.read(6)
    opener = next((opener for magic, opener in COMPRESSIONS if start.startswith(magic)), open)
    try:
        with opener(path, "rb") as file:
            return take(file)
    except FileNotFoundError:
        raise
    except Exception as error:  # pylint: disable=broad-except
        # Each library has its own errors, and a missing one is an ImportError.
        raise Unreadable(f"{path} cannot be read: {error}") from error


def digest_of(path, first=None):
    """SHA-256 of what the file holds, or of the first so many bytes of it."""
    def take(file):
        digest = hashlib.sha256()
        left = first
        while part := file.read(CHUNK if left is None else min(CHUNK, left)):
            digest.update(part)
            left = None if left is None else left - len(part)
        return digest.hexdigest()
    return read(path, take)
