"""Archived WAL for a copy that has no network: fetched in the node's own container, and laid where the sandbox can read it.

  wal/spool/SERVER/ready/NAME   fetched ahead (prefetch.py); taken without a word, and told by a file of that name in run/taken
  wal/out/NAME                  what was asked for
  wal/socket                    "NAME" -> an exit code, as PostgreSQL wants it of a restore_command: see howdah-fetch-wal

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

from copies import Copy, fail

NAME = re.compile(r"[0-9A-F]{24}|[0-9A-F]{8}\.history")
SERVER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}")
TROUBLE = 200


def command(server, method):
    # On Barman's own host there is no connection that barman-wal-restore could make; what it asks for there is get-wal.
    if method == "BARMAN_WAL_RESTORE" and pwd.getpwuid(os.getuid()).pw_name != "barman":
        return ["barman-wal-restore", "-P", "-U", "barman", "barman", server]
    return ["howdah-fetch-wal", "prefetch" if method == "PREFETCH" else "get-wal", server]


class Feeder:
    def __init__(self, copy, server, method):
        self.copy, self.command = copy, command(server, method)
        self.out = os.path.join(copy.wal, "out")
        self.ready = os.path.join(copy.spool, server, "ready")

    def fetch(self, name):
        if not NAME.fullmatch(name):
            return TROUBLE
        target = os.path.join(self.out, name)
        environment = {**os.environ, "HOWDAH_WAL_SPOOL": self.copy.spool}
        return subprocess.run([*self.command, name, target], cwd=self.out, env=environment, stdin=subprocess.DEVNULL, check=False).returncode

    def make_room(self):
        """What the copy has taken need not lie here any longer."""
        while True:
            for name in entries(self.copy.path("taken")):
                if NAME.fullmatch(name):
                    for folder in (self.ready, self.out):
                        unlink(os.path.join(folder, name))
                unlink(os.path.join(self.copy.path("taken"), name))
            time.sleep(0.05)


def entries(directory):
    try:
        return os.listdir(directory)
    except FileNotFoundError:
        return []


def unlink(path):
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        name = self.rfile.readline(100).decode(errors="replace").strip()
        self.wfile.write(f"{self.server.feeder.fetch(name)}\n".encode())


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


def feed(text):
    request = json.loads(text)
    if not SERVER.fullmatch(request["server"]):
        fail("this is no name of a Barman server")
    copy = Copy(request["root"])
    feeder = Feeder(copy, request["server"], request["restoreMethod"])
    shutil.rmtree(feeder.out, ignore_errors=True)
    os.makedirs(feeder.out, mode=0o700)
    path = os.path.join(copy.wal, "socket")
    unlink(path)
    threading.Thread(target=feeder.make_room, daemon=True).start()
    with Server(path, Handler) as server:
        server.feeder = feeder
        server.serve_forever()
