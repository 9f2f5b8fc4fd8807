"""What lies in a Barman server's directories, and when it last changed."""

import glob
import os
from collections.abc import Callable
from typing import Any

from howdah.barman.catalogue import stamp
from howdah.barman.server import Server


def files(path: str) -> list[dict[str, object]]:
    found: dict[str, dict[str, object]] = {}
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                # Hidden ones are transfers on their way, or broken off.
                if entry.is_file() and not entry.name.startswith("."):
                    known = entry.stat()
                    found[entry.name] = {"name": entry.name, "size": known.st_size, "mtime": known.st_mtime}
    except FileNotFoundError:
        pass
    return [found[name] for name in sorted(found)]


def backups(server: Server) -> dict[str, int]:
    """When each backup's record last changed.

    Since Barman 3.13.2 it is meta/ID-backup.info, before base/ID/backup.info.
    """
    before = os.path.join(server.base, "*", "backup.info")
    return {
        **times(before, lambda path: path.split(os.sep)[-2]),
        **times(os.path.join(server.meta, "*-backup.info"), lambda path: in_meta(path, "-backup.info")),
    }


def keeps(server: Server) -> dict[str, int]:
    """When each backup's keep was last set. A release removes it.

    Since Barman 3.13.3 it is meta/ID-keep, before base/ID/annotations/keep.
    """
    before = os.path.join(server.base, "*", "annotations", "keep")
    return {
        **times(before, lambda path: path.split(os.sep)[-3]),
        **times(os.path.join(server.meta, "*-keep"), lambda path: in_meta(path, "-keep")),
    }


def in_meta(path: str, suffix: str) -> str:
    return os.path.basename(path).removesuffix(suffix)


def times(pattern: str, id_of: Callable[[str], str]) -> dict[str, int]:
    """When each file that is called like that last changed, by the id of its backup."""
    stamps = ((path, stamp(path)) for path in glob.glob(pattern))
    return {id_of(path): known[2] for path, known in stamps if known}


def changes(before: dict[str, int], after: dict[str, int]) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def disk(request: dict[str, Any]) -> dict[str, object]:
    server = Server(request["server"])
    found = os.statvfs(server.directory)
    total = found.f_blocks * found.f_frsize
    free = found.f_bavail * found.f_frsize
    known = {"totalBytes": total, "freeBytes": free, "usedBytes": total - found.f_bfree * found.f_frsize}
    # Walks every file, so only when asked for.
    return {**known, "serverBytes": bytes_below(server.directory)} if request.get("tree") else {**known}


def bytes_below(root: str) -> int:
    """What its files take on the disk; hard links count once."""
    seen: dict[int, int] = {}
    for directory, _, names in os.walk(root):
        for name in names:
            try:
                known = os.lstat(os.path.join(directory, name))
                seen[known.st_ino] = known.st_blocks * 512
            except FileNotFoundError:
                pass
    return sum(seen.values())


def directories(request: dict[str, Any]) -> dict[str, object]:
    server = Server(request["server"])
    return {
        "incoming": files(server.incoming),
        "streaming": files(server.streaming),
        "errors": files(server.errors),
        "base": [{"id": name, "infoMtime": mtime / 1e9} for name, mtime in sorted(backups(server).items())],
    }
