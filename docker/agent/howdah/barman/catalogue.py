"""Barman's catalogue of archived WAL, a file that grows: read from where a reader was."""

import os
import time
from typing import Any

from howdah.barman.server import Server

CATALOGUE_LIMIT = 4 * 1024 * 1024

# Size, inode, and time of the last change in nanoseconds.
Stamp = tuple[int, int, int]


def stamp(path: str) -> Stamp | None:
    """What changes when a file is appended to or rewritten; None when it is not there."""
    try:
        found = os.stat(path)
        return found.st_size, found.st_ino, found.st_mtime_ns
    except FileNotFoundError:
        return None


def catalogue(request: dict[str, Any]) -> dict[str, object]:
    """Whole lines from a byte position on.

    Barman appends; when it removes WAL it rewrites the same file in place, shorter. `anchor`, the last line that the
    reader has (without its newline), tells the two apart: where it does not end at `position` any more, all begins
    again at 0. No lock of Barman's is taken: what a rewrite may have torn is read again, since the file was shortened
    after that.
    """
    server = Server(request["server"])
    wanted = max(0, int(request.get("position", 0)))
    limit = min(int(request.get("limit", CATALOGUE_LIMIT)), CATALOGUE_LIMIT)
    anchor = (request["anchor"] + "\n").encode() if request.get("anchor") else b""
    for _ in range(20):
        before = stamp(server.catalogue)
        if before is None:
            return nothing_in_catalogue(wanted)
        size, inode, changed = before
        position, data = read_catalogue(server.catalogue, size, wanted, anchor, limit)
        if stamp(server.catalogue) == before:
            break
        time.sleep(0.01)
    data = data[: data.rfind(b"\n") + 1]
    return {
        "size": size,
        "inode": inode,
        "mtime": changed / 1e9,
        "position": position,
        "next": position + len(data),
        "rewritten": position != wanted,
        "data": data.decode("utf-8", "replace"),
    }


def nothing_in_catalogue(wanted: int) -> dict[str, object]:
    return {
        "size": 0,
        "inode": None,
        "mtime": None,
        "position": 0,
        "next": 0,
        "rewritten": wanted > 0,
        "data": "",
    }


def read_catalogue(path: str, size: int, wanted: int, anchor: bytes, limit: int) -> tuple[int, bytes]:
    """From which position it was read, which is 0 where the reader's own does not hold any more; and what is there."""
    with open(path, "rb") as file:
        position = wanted if wanted <= size else 0
        if anchor and position:
            file.seek(max(0, position - len(anchor)))
            if file.read(len(anchor)) != anchor:
                position = 0
        file.seek(position)
        return position, file.read(limit)
