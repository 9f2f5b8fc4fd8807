"""What Barman knows, for one reader at the other end of an SSH connection: JSON lines in, JSON lines out.

This is the forced command of Howdah's key: nothing here changes anything, and no other program can be run.
  {"id": 1, "op": "barman", "args": ["list-backups", "patroni"]}  ->  {"id": 1, "ok": true, "result": {...}}
  {"id": 2, "op": "nonsense"}                                     ->  {"id": 2, "ok": false, "error": "..."}
Requests are answered as they get ready, not in order. After {"op": "watch", "server": ...} events are pushed without
being asked for: {"event": "catalogue" | "backups" | "streaming", "server": ..., ...}.
"""

import concurrent.futures
import glob
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from howdah.barman.server import Server
from howdah.barman.warm import WarmBarman

READS = {
    "check",
    "check-backup",
    "list-backups",
    "show-backup",
    "list-servers",
    "show-servers",
    "status",
    "replication-status",
    "list-files",
    "sync-info",
    "diagnose",
}
# Arguments are names, ids and plain options: none may bring another configuration file along.
OPTION = r"--(target|minimal|nagios|no-header|parsable|source|all|full)(=[\w.-]+)?"
ARGUMENT = re.compile(rf"({OPTION}|[A-Za-z0-9_.][\w.:-]*)")
CATALOGUE_LIMIT = 4 * 1024 * 1024

Request = dict[str, Any]
# Size, inode, and time of the last change in nanoseconds.
Stamp = tuple[int, int, int]

_writing = threading.Lock()


def say(message: dict[str, object]) -> None:
    line = json.dumps(message, separators=(",", ":"))
    with _writing:
        try:
            print(line, flush=True)
        except OSError:
            # The other end is gone.
            os._exit(0)


def stamp(path: str) -> Stamp | None:
    """What changes when a file is appended to or rewritten; None when it is not there."""
    try:
        found = os.stat(path)
        return found.st_size, found.st_ino, found.st_mtime_ns
    except FileNotFoundError:
        return None


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


def catalogue(request: Request) -> dict[str, object]:
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


def disk(request: Request) -> dict[str, object]:
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


def directories(request: Request) -> dict[str, object]:
    server = Server(request["server"])
    return {
        "incoming": files(server.incoming),
        "streaming": files(server.streaming),
        "errors": files(server.errors),
        "base": [{"id": name, "infoMtime": mtime / 1e9} for name, mtime in sorted(backups(server).items())],
    }


def runs(_request: Request) -> list[object]:
    program = ["howdah-run", "list"]
    done = subprocess.run(program, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def ping(_request: Request) -> dict[str, object]:
    return {"time": time.time()}


class Reader:
    """One session. `barman` must have been made before the first thread: see there."""

    def __init__(self, barman: WarmBarman) -> None:
        self.barman = barman
        self.watched: set[str] = set()
        self.operations: dict[str, Callable[[Request], object]] = {
            "barman": self.ask_barman,
            "catalogue": catalogue,
            "disk": disk,
            "directories": directories,
            "runs": runs,
            "watch": self.watch,
            "ping": ping,
        }

    def ask_barman(self, request: Request) -> dict[str, object]:
        command, *rest = request["args"]
        if command not in READS or not all(isinstance(word, str) and ARGUMENT.fullmatch(word) for word in rest):
            raise ValueError("only reading is allowed here")
        code, stdout, stderr = self.barman.run(["-f", "json", command, *rest], request.get("timeout", 120))
        return {"exitCode": code, "stdout": stdout, "stderr": stderr}

    def watch(self, request: Request) -> dict[str, object]:
        server = Server(request["server"])
        if server.name not in self.watched:
            self.watched.add(server.name)
            threading.Thread(target=look, args=(server,), daemon=True).start()
        return {"watching": sorted(self.watched)}

    def answer(self, request: Request) -> None:
        try:
            result = self.operations[request["op"]](request)
            say({"id": request.get("id"), "ok": True, "result": result})
        except Exception as error:
            # A request must never be left without an answer.
            known = isinstance(error, (ValueError, TimeoutError, subprocess.TimeoutExpired))
            why = str(error) if known else f"{type(error).__name__}: {error}"
            say({"id": request.get("id"), "ok": False, "error": why})
            if isinstance(error, ConnectionError):
                # The process with Barman in it is gone: the other end connects again, and gets another one.
                os._exit(1)


def look(server: Server) -> None:
    """Tells what changes, ten times a second where that is cheap."""
    turn = 0
    file, base, kept = stamp(server.catalogue), backups(server), keeps(server)
    streams = files(server.streaming)
    while True:
        time.sleep(0.1)
        turn += 1
        now = stamp(server.catalogue)
        if now != file:
            file = now
            size, inode = (now[0], now[1]) if now else (0, None)
            say({"event": "catalogue", "server": server.name, "size": size, "inode": inode})
        if turn % 5 == 0:
            found, held = backups(server), keeps(server)
            changed = sorted(changes(base, found) | changes(kept, held))
            base, kept = found, held
            if changed:
                say({"event": "backups", "server": server.name, "changed": changed})
        if turn % 10 == 0:
            current = files(server.streaming)
            if current != streams:
                streams = current
                say({"event": "streaming", "server": server.name, "files": current})


def parse(line: str) -> Request | None:
    try:
        request = json.loads(line)
    except ValueError:
        return None
    return request if isinstance(request, dict) else None


def main() -> None:
    reader = Reader(WarmBarman())
    with concurrent.futures.ThreadPoolExecutor(max_workers=16) as pool:
        for line in sys.stdin:
            request = parse(line)
            if request is None:
                say({"id": None, "ok": False, "error": "not a JSON object"})
            else:
                pool.submit(reader.answer, request)
    os._exit(0)
