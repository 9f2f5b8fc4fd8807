"""What a WAL file must look like before PostgreSQL may see it."""
import bz2
import lzma
import os
import re
import site
import struct
import subprocess
import tempfile
import zlib

PAGE = 8192
# First page of every segment: magic, info, timeline, address, remaining length, padding, system identifier, segment size.
HEADER = struct.Struct("<HHIQIxxxxQI")
# Of every page but the first.
PAGE_HEADER = 24
SEGMENT = re.compile(r"[0-9A-F]{24}")
RECORD = re.compile(rb"rmgr: .* len \(rec/tot\): *\d+/ *(\d+), .* lsn: [0-9A-F]+/([0-9A-F]+), .* desc: (\w+)")


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


def unpack(path, name):
    """Barman decompresses what it hands over, but for an unfinished segment: that comes as it was filed."""
    with open(path, "rb") as file:
        if file.read(2)[1:] == b"\xd1":
            return
    # howdah-fetch-wal starts without the packages that decompress, for speed.
    site.main()
    plain = f"{path}.plain"
    try:
        with open(path, "rb") as packed, open(plain, "wb") as written:
            piece = packed.read(1 << 20)
            unpacking = decompressor(piece)
            while piece:
                written.write(unpacking.decompress(piece))
                piece = packed.read(1 << 20)
            if not unpacking.eof:
                raise WalFileError(f"{name} is cut off in the archive")
        os.rename(plain, path)
    except WalFileError:
        raise
    except Exception as error:
        # Each decompressor has errors of its own.
        raise WalFileError(f"{name}: {type(error).__name__}: {error}") from error
    finally:
        if os.path.exists(plain):
            os.unlink(plain)


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


def end_of_wal(path, name):
    """How many bytes of a segment count. Behind them nothing is ever read, and true copies of it may differ:

    - One that was closed (pg_switch_wal) ends with its SWITCH record. A server leaves empty pages behind it, with headers or
      without, as it happens to have them.
    - The last one that a server got of a timeline ends anywhere. What follows was there before, or is zeros.

    All of it where it was filled, and where it is nothing that PostgreSQL could read.
    """
    size, last = os.stat(path).st_size, b""
    with tempfile.TemporaryDirectory() as directory:
        # pg_waldump goes by the file's name.
        link = os.path.join(directory, name)
        os.symlink(os.path.abspath(path), link)
        with subprocess.Popen(["pg_waldump", link], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as listed:
            for line in listed.stdout:
                last = line
    record = RECORD.match(last)
    if not record or (record[3] != b"SWITCH" and written_bytes(path, name) > size - PAGE):
        return size
    position, left = int(record[2], 16) % size, int(record[1])
    while left > (room := PAGE - position % PAGE):
        position, left = position + room + PAGE_HEADER, left - room
    return position + left


def never_written(path, name):
    """Is it a segment that PostgreSQL has got ready, of zeros or by renaming an old one, and then never used? Every page says
    so; anything else in it, and be it damage, is not for us to call nothing."""
    size = os.stat(path).st_size
    first = (int(name[8:16], 16) << 32) + int(name[16:], 16) * size
    with open(path, "rb") as file:
        while page := file.read(PAGE):
            if not page.strip(b"\0"):
                continue
            magic, address = struct.unpack_from("<H6xQ", page)
            if magic >> 8 != 0xD1 or address % PAGE != 0 or first <= address < first + size:
                return False
    return True
