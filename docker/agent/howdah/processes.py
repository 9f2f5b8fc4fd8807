"""Processes as /proc shows them. One that ends while it is looked at has ended."""

import os
from typing import NamedTuple

from howdah import files


class Process(NamedTuple):
    state: str
    parent: int
    session: int
    start_ticks: int

    @property
    def is_alive(self) -> bool:
        return self.state not in "ZX"


def process(pid: int | str) -> Process | None:
    """As it is now; None where there is no such process."""
    text = of(pid, "stat")
    if not text:
        return None
    fields = text.rpartition(")")[2].split()
    return Process(fields[0], int(fields[1]), int(fields[3]), int(fields[19]))


def pids() -> list[int]:
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]


def children(parent: int) -> list[int]:
    return [pid for pid in pids() if (known := process(pid)) and known.parent == parent]


def name(pid: int | str) -> str | None:
    """Of the program, without its arguments."""
    text = of(pid, "comm")
    return text.strip() if text else None


def title(pid: int) -> str:
    """What it calls itself, or its command line; empty for one that has ended."""
    return (of(pid, "cmdline") or "").strip("\0 ").replace("\0", " ")


def of(pid: int | str, what: str) -> str | None:
    try:
        return files.read(f"/proc/{pid}/{what}")
    except ProcessLookupError:
        # It ended between the opening of the file and its reading.
        return None
