"""What a WAL file must look like before PostgreSQL may see it, and how much of it counts."""

import os
import re
import struct
import subprocess
import tempfile
from collections.abc import Iterator

from howdah.wal import names
from howdah.wal.codec import CHUNK, decompressor

PAGE = 8192
# First page of every segment: magic, info, timeline, address, remaining length, padding, system identifier, segment
# size.
HEADER = struct.Struct("<HHIQIxxxxQI")
# Of every page but the first.
PAGE_HEADER = 24
# Its high byte is the same in every version of PostgreSQL.
MAGIC = 0xD1
SMALLEST, LARGEST = 1 << 20, 1 << 30
# The header that each record has.
SMALLEST_RECORD = 24
RECORD = re.compile(
    rb"rmgr: \S+ +len \(rec/tot\): *\d+/ *(\d+), tx: *\d+, lsn: ([0-9A-F]+/([0-9A-F]+)), prev [0-9A-F/]+, desc: (\w+)"
)


class WalFileError(Exception):
    """Not a whole WAL file."""


def unpack(path: str, name: str) -> None:
    """Barman decompresses what it hands over, but for an unfinished segment: that comes as it was filed."""
    with open(path, "rb") as file:
        if file.read(2)[1:] == bytes([MAGIC]):
            return
    plain = f"{path}.plain"
    try:
        with open(path, "rb") as packed, open(plain, "wb") as written:
            piece = packed.read(CHUNK)
            unpacking = decompressor(piece)
            while piece:
                written.write(unpacking.decompress(piece))
                piece = packed.read(CHUNK)
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


def segment_size(path: str, name: str) -> int:
    """What the segment says of itself; its address must be the one that its name says."""
    with open(path, "rb") as file:
        start = file.read(HEADER.size)
    if len(start) < HEADER.size:
        raise WalFileError(f"{name} ends in its header")
    magic, _, _, address, _, _, size = HEADER.unpack(start)
    if magic >> 8 != MAGIC or not SMALLEST <= size <= LARGEST or size & (size - 1):
        raise WalFileError(f"{name} does not begin like a WAL segment")
    if names.place_in_id(name) >= names.segments_per_id(size) or address != names.start_of(name, size):
        raise WalFileError(f"{name} has the content of another segment")
    return int(size)


def check_whole(path: str, name: str, pad: bool = False) -> None:
    """Its size must be the one that it says; `pad` fills an unfinished one up with zeros."""
    if names.is_history(name):
        return
    size = segment_size(path, name)
    actual = os.stat(path).st_size
    if actual > size or (actual < size and not pad):
        raise WalFileError(f"{name} has {actual} bytes, not {size}")
    if actual < size:
        os.truncate(path, size)


def written_bytes(path: str, name: str) -> int:
    """How far a partial segment was written: pages that carry their own address (a recycled file has others')."""
    try:
        size = segment_size(path, name)
    except WalFileError:
        return 0
    first = names.start_of(name, size)
    pages, last = 0, 0
    with open(path, "rb") as file:
        while page := file.read(PAGE):
            if len(page) < 16 or struct.unpack_from("<Q", page, 8)[0] != first + pages * PAGE:
                break
            pages, last = pages + 1, len(page.rstrip(b"\0"))
    return (pages - 1) * PAGE + last


def end_of_own(path: str, name: str) -> int:
    """Behind the last byte, other than zero, of a page that carries its own address."""
    first = names.start_of(name, segment_size(path, name))
    end = 0
    with open(path, "rb") as file:
        for number, page in enumerate(iter(lambda: file.read(PAGE), b"")):
            if len(page) >= 16 and struct.unpack_from("<Q", page, 8)[0] == first + number * PAGE:
                end = number * PAGE + len(page.rstrip(b"\0"))
    return end


def end_of_wal(path: str, name: str) -> int:
    """How many bytes of a segment count. After them nothing is ever read, and true copies of it may differ:

    - One that was closed (pg_switch_wal) ends with its SWITCH record. A server leaves empty pages after it, with
      headers or without, as it happens to have them.
    - The last one that a server got of a timeline ends anywhere. What follows was there before, or is zeros.

    All of it where it was filled, and its last record goes on in the next one; where its own pages go on, which no
    record accounts for: it is damaged, and PostgreSQL reads no further; and where it is nothing that it could read.
    """
    size = os.stat(path).st_size
    record = _last_record(path, name)
    if not record:
        return size
    end = end_of_record(int(record[3], 16) % size, int(record[1]))
    if record[4] == b"SWITCH":
        return end
    return end if end_of_own(path, name) <= min(end_of_unfinished(path, end), size - PAGE) else size


def end_of_unfinished(path: str, end: int) -> int:
    """The end of the last page that the record behind this position would come to, of which not all may have arrived.

    Where none begins, that of the position's own page: what follows there was there before.
    """
    begin = (end + 7) // 8 * 8
    begin += PAGE_HEADER if begin % PAGE == 0 else 0
    with open(path, "rb") as file:
        file.seek(begin)
        (length,) = struct.unpack("<I", file.read(4).ljust(4, b"\0"))
    reach = end_of_record(begin, length) if SMALLEST_RECORD <= length <= LARGEST else end
    return (reach + PAGE - 1) // PAGE * PAGE


def end_of_record(position: int, length: int) -> int:
    """Where a record of this length ends: each page that it goes on to has a header first."""
    while length > (room := PAGE - position % PAGE):
        position, length = position + room + PAGE_HEADER, length - room
    return position + length


def _last_record(path: str, name: str) -> re.Match[bytes] | None:
    """pg_waldump's line of it; None where there is none, or where the last line is none of PostgreSQL's.

    The prefix of a logical message, which any user writes, is printed as it is, with line breaks after which may come
    what looks like a record. Of a record that is asked for by its position the first line is PostgreSQL's own, and
    nothing but where a record begins has one.
    """
    with tempfile.TemporaryDirectory() as directory:
        # pg_waldump goes by the file's name.
        link = os.path.join(directory, name)
        os.symlink(os.path.abspath(path), link)
        last = b""
        for last in _lines_of_records(link):
            pass
        if not (told := RECORD.match(last)):
            return None
        found = RECORD.match(next(_lines_of_records("-s", told[2].decode(), "-n", "1", link), b""))
        return found if found and found[2] == told[2] else None


def _lines_of_records(*arguments: str) -> Iterator[bytes]:
    """Lines of pg_waldump that look like records."""
    with subprocess.Popen(["pg_waldump", *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as listed:
        assert listed.stdout is not None
        yield from (line for line in listed.stdout if line.startswith(b"rmgr: "))


def never_written(path: str, name: str) -> bool:
    """Is it a segment that PostgreSQL has got ready, of zeros or by renaming an old one, and then never used?

    Every page says so; anything else in it, and be it damage, is not for us to call nothing.
    """
    size = os.stat(path).st_size
    first = names.start_of(name, size)
    with open(path, "rb") as file:
        while page := file.read(PAGE):
            if not page.strip(b"\0"):
                continue
            magic, address = struct.unpack_from("<H6xQ", page)
            if magic >> 8 != MAGIC or address % PAGE != 0 or first <= address < first + size:
                return False
    return True
