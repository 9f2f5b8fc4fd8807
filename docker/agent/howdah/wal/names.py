"""What WAL files are called, and which bytes of the WAL a name stands for."""

import re

SEGMENT = re.compile(r"[0-9A-F]{24}")
# What recovery asks for.
SEGMENT_OR_HISTORY = re.compile(r"[0-9A-F]{24}|[0-9A-F]{8}\.history")
# What archive_command hands over.
ARCHIVED = re.compile(r"[0-9A-F]{8}(\.history|[0-9A-F]{16}(\.partial|\.[0-9A-F]{8}\.backup)?)")
# A second copy that Barman has set aside: its name and, if it is one, the mark of a partial segment.
DUPLICATE = re.compile(r"([0-9A-F]{24})(\.partial)?\.[0-9TZ]+\.duplicate")


def is_history(name: str) -> bool:
    return name.endswith(".history")


def folder_of(name: str) -> str:
    """Where below `wals` Barman files it: history files lie in `wals` itself."""
    return "" if is_history(name) else name[:16]


def place_in_id(name: str) -> int:
    """Which segment of its 4 GiB it is: the last third of its name."""
    return int(name[16:24], 16)


def start_of(name: str, size: int) -> int:
    """The position of a segment's first byte, for segments of this size."""
    return (int(name[8:16], 16) << 32) + place_in_id(name) * size


def segments_per_id(size: int) -> int:
    return (1 << 32) // size


def place_of(number: int, size: int) -> str:
    """A segment's name without its timeline, by its number in the WAL."""
    return f"{number // segments_per_id(size):08X}{number % segments_per_id(size):08X}"


def following(name: str, size: int, count: int) -> list[str]:
    """The segments after this one on its timeline."""
    number = start_of(name, size) // size
    return [f"{name[:8]}{place_of(each, size)}" for each in range(number + 1, number + 1 + count)]


def position_of(lsn: str) -> int:
    """ "1/A0" as a number."""
    high, low = lsn.split("/")
    return (int(high, 16) << 32) + int(low, 16)


def lsn_of(position: int) -> str:
    return f"{position >> 32:X}/{position & 0xFFFFFFFF:X}"
