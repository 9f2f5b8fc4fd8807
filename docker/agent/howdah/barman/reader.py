"""What Barman knows, for one reader at the other end of an SSH connection: JSON lines in, JSON lines out.

This is the forced command of Howdah's key: nothing here changes anything, and no other program can be run.
  {"id": 1, "op": "barman", "args": ["list-backups", "patroni"]}  ->  {"id": 1, "ok": true, "result": {...}}
  {"id": 2, "op": "nonsense"}                                     ->  {"id": 2, "ok": false, "error": "..."}
Requests are answered as they get ready, not in order. After {"op": "watch", "server": ...} events are pushed without
being asked for: {"event": "catalogue" | "backups" | "streaming", "server": ..., ...}.
"""

import concurrent.futures
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from howdah.barman.catalogue import catalogue, stamp
from howdah.barman.listing import backups, changes, directories, disk, files, keeps
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

Request = dict[str, Any]

_writing = threading.Lock()


def say(message: dict[str, object]) -> None:
    line = json.dumps(message, separators=(",", ":"))
    with _writing:
        try:
            print(line, flush=True)
        except OSError:
            # The other end is gone.
            os._exit(0)


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
