"""What a WAL file must look like before PostgreSQL may see it."""
import bz2
import lzma
import os
import struct
import zlib

PAGE = 8192
# First page of every segment: magic, info, timeline, address, remaining length, padding, system identifier, segment size.
HEADER = struct.Struct("<HHIQIxxxxQI")


class WalFileError(Exception):
    """Not a whole WAL file."""


class Plain:
    eof = True

    def decompress(self, data):
        return data


def decompressor(start):
    """What Barman filed it with is told by its first bytes, as Barman itself does."""
    if start.startswith(b"\x1f\x8b\x08"):
        return zlib.decompressobj(wbits=31)
    if start.startswith(b"BZh"):
        return bz2.BZ2Decompressor()
    if start.startswith(b"\xfd7zXZ\0"):
        return lzma.LZMADecompressor()
    if start.startswith(b"\x28\xb5\x2f\xfd"):
        import zstandard
        return zstandard.ZstdDecompressor().decompressobj()
    if start.startswith(b"\x04\x22\x4d\x18"):
        import lz4.frame
        return lz4.frame.LZ4FrameDecompressor()
    return Plain()


def segment_size(path, name):
    """What the segment says of itself; its address must be the one that its name says."""
    with open(path, "rb") as file:
        start = file.read(HEADER.size)
    if len(start) < HEADER.size:
        raise WalFileError(f"{name} ends in its header")
    magic, _, _, address, _, _, size = HEADER.unpack(start)
    if magic >> 8 != 0xD1 or size < 1 << 20 or size > 1 << 30 or size & (size - 1):
        raise WalFileError(f"{name} does not begin like a WAL segment")
    if int(name[16:], 16) >= (1 << 32) // size or address != (int(name[8:16], 16) << 32) + int(name[16:], 16) * size:
        raise WalFileError(f"{name} has the content of another segment")
    return size


def check_whole(path, name, pad=False):
    if name.endswith(".history"):
        return
    size = segment_size(path, name)
    actual = os.stat(path).st_size
    if actual > size or (actual < size and not pad):
        raise WalFileError(f"{name} has {actual} bytes, not {size}")
    if actual < size:
        os.truncate(path, size)


def written_bytes(path, name):
    """How far a partial segment was written: pages that carry their own address (a recycled file has others')."""
    try:
        size = segment_size(path, name)
    except WalFileError:
        return 0
    first = (int(name[8:16], 16) << 32) + int(name[16:], 16) * size
    pages, last = 0, 0
    with open(path, "rb") as file:
        while page := file.read(PAGE):
            if len(page) < 16 or struct.unpack_from("<Q", page, 8)[0] != first + pages * PAGE:
                break
            pages, last = pages + 1, len(page.rstrip(b"\0"))
    return (pages - 1) * PAGE + last
