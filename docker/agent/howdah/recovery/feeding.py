"""Archived WAL for a copy that has no network: fetched in the node's own container, put where the sandbox can read it.

  wal/spool/SERVER/ready/NAME   fetched ahead (prefetch.py); what was taken has a file of that name in run/taken
  wal/out/NAME                  what was asked for
  wal/socket                    "NAME" -> an exit code, as of a restore_command: see howdah-fetch-wal

The copy writes nothing here, and what is read of it is names: it can ask for WAL, and for nothing else.
"""

import json
import os
import pwd
import re
import shutil
import socketserver
import subprocess
import threading
import time
from typing import NoReturn, cast

from howdah import files
from howdah.recovery.copies import Copy, fail
from howdah.wal.names import SEGMENT_OR_HISTORY

SERVER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}")
TROUBLE = 200


def command(server: str, method: str) -> list[str]:
    # On Barman's own host there is no connection that barman-wal-restore could make; what it asks for there is get-wal.
    if method == "BARMAN_WAL_RESTORE" and pwd.getpwuid(os.getuid()).pw_name != "barman":
        return ["barman-wal-restore", "-P", "-U", "barman", "barman", server]
    return ["howdah-fetch-wal", "prefetch" if method == "PREFETCH" else "get-wal", server]


class Feeder:
    def __init__(self, copy: Copy, server: str, method: str) -> None:
        self.copy, self.command = copy, command(server, method)
        self.out = os.path.join(copy.wal, "out")
        self.ready = os.path.join(copy.spool, server, "ready")

    def fetch(self, name: str) -> int:
        if not SEGMENT_OR_HISTORY.fullmatch(name):
            return TROUBLE
        target = os.path.join(self.out, name)
        environment = {**os.environ, "HOWDAH_WAL_SPOOL": self.copy.spool}
        fetched = subprocess.run(
            [*self.command, name, target], cwd=self.out, env=environment, stdin=subprocess.DEVNULL, check=False
        )
        return fetched.returncode

    def make_room(self) -> NoReturn:
        """What the copy has taken need not lie here any longer."""
        while True:
            for name in entries(self.copy.path("taken")):
                if SEGMENT_OR_HISTORY.fullmatch(name):
                    for folder in (self.ready, self.out):
                        files.unlink(os.path.join(folder, name))
                files.unlink(os.path.join(self.copy.path("taken"), name))
            time.sleep(0.05)


def entries(directory: str) -> list[str]:
    try:
        return os.listdir(directory)
    except FileNotFoundError:
        return []


class Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        name = self.rfile.readline(100).decode(errors="replace").strip()
        self.wfile.write(f"{cast(Server, self.server).feeder.fetch(name)}\n".encode())


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def __init__(self, path: str, feeder: Feeder) -> None:
        super().__init__(path, Handler)
        self.feeder = feeder


def feed(text: str) -> None:
    request = json.loads(text)
    if not SERVER.fullmatch(request["server"]):
        fail("this is no name of a Barman server")
    copy = Copy(request["root"])
    feeder = Feeder(copy, request["server"], request["restoreMethod"])
    shutil.rmtree(feeder.out, ignore_errors=True)
    os.makedirs(feeder.out, mode=0o700)
    path = os.path.join(copy.wal, "socket")
    files.unlink(path)
    threading.Thread(target=feeder.make_room, daemon=True).start()
    with Server(path, feeder) as server:
        server.serve_forever()
