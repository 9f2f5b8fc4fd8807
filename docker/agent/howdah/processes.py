"""Processes as /proc shows them. One that ends while it is looked at has ended."""

import os
import subprocess
from collections.abc import Iterable
from typing import Any, NamedTuple

from howdah import files
from howdah.refusal import Refusal


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


def working_places(pids_: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Device and inode of the directory that each works in. One that has ended meanwhile is left out.

    Linux shows it to the process's own user, and to a root with CAP_SYS_PTRACE, which root in a container has not. So
    that user asks: what is not seen would be a PostgreSQL that runs and is taken for one that has ended.
    """
    by_owner: dict[tuple[int, int], list[str]] = {}
    for pid in pids_:
        if owner := owner_of(pid):
            by_owner.setdefault(owner, []).append(f"/proc/{pid}/cwd")
    places: dict[int, tuple[int, int]] = {}
    for owner, links in by_owner.items():
        said = stat_as(owner, links)
        for line in said.stdout.splitlines():
            link, device, inode = line.split()
            places[int(link.split("/")[2])] = (int(device), int(inode))
        for line in said.stderr.splitlines():
            if "Permission denied" in line:
                raise Refusal(f"it cannot be seen where a process works: {line}")
    return places


def stat_as(owner: tuple[int, int], links: list[str]) -> "subprocess.CompletedProcess[str]":
    """Only root can become another user. Its own it need not become, and could not: that takes a right, too."""
    become: dict[str, Any] = {}
    if owner != (os.geteuid(), os.getegid()):
        if os.geteuid() != 0:
            raise Refusal(f"it cannot be seen where a process of user {owner[0]} works: {', '.join(links)}")
        become = {"user": owner[0], "group": owner[1], "extra_groups": []}
    command = ["stat", "--dereference", "--format", "%n %d %i", *links]
    known = {**os.environ, "LC_ALL": "C"}
    return subprocess.run(command, cwd="/", env=known, capture_output=True, text=True, check=False, **become)


def owner_of(pid: int) -> tuple[int, int] | None:
    try:
        known = os.stat(f"/proc/{pid}")
    except FileNotFoundError:
        return None
    return known.st_uid, known.st_gid


def of(pid: int | str, what: str) -> str | None:
    try:
        return files.read(f"/proc/{pid}/{what}")
    except ProcessLookupError:
        # It ended between the opening of the file and its reading.
        return None
