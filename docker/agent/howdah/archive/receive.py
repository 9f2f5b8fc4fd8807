"""Takes WAL into Barman's `incoming` directory; what a node's howdah-send-wal speaks with over SSH.

  receiver  {"ready": true}
  sender    {"server": "patroni", "name": "0000000100000000000000AC", "size": 16777216, "mtime": 1795000000000000000}
  receiver  {"compare": "file"}  it has a file of that name, and wants to know its content:
  sender    {"bytes": 16777216, "sha256": "..."}
  receiver  {"compare": "wal"}   that is another, and it wants to know what counts of it:
  sender    {"bytes": 26424, "sha256": "..."}
  receiver  {"have": true}       the same content is there already, waiting or filed; or else
            {"send": true}
  sender    `size` bytes, and {"sha256": "..."}
  receiver  {"stored": true}     it is on the disk, under its name
            {"error": "..."}     instead of any answer; after one in the middle of a file the connection ends

What is answered with "have" or "stored" survives a crash of this machine. A file appears under its name whole and never
takes another's place; until then it is a hidden one, which Barman overlooks.
"""

import fcntl
import hashlib
import json
import os
import sys
from typing import IO, Any, BinaryIO

from howdah import files
from howdah.barman.server import Server
from howdah.wal import names
from howdah.wal.codec import CHUNK, Unreadable, digest_of
from howdah.wal.segment import LARGEST

HIDDEN = ".howdah-"
Message = dict[str, Any]


class Refused(Exception):
    """With a reason for PostgreSQL's log."""


class Gone(Exception):
    """The sender; nothing waits for an answer."""


class Receiver:
    """One connection: what comes in, and where answers go."""

    def __init__(self, source: IO[bytes], answers: IO[str]) -> None:
        self.source, self.answers = source, answers
        self.swept: set[str] = set()

    def say(self, message: Message) -> None:
        self.answers.write(json.dumps(message) + "\n")
        self.answers.flush()

    def hear(self) -> Message:
        line = self.source.readline(4096)
        if not line.endswith(b"\n"):
            raise Gone
        message: Message = json.loads(line)
        return message

    def receive(self, header: Message) -> None:
        server = Server(header["server"])
        name = header["name"]
        if not names.ARCHIVED.fullmatch(name):
            raise Refused(f"{name!r} is no name of a WAL segment, history file or backup label")
        if not 0 <= header["size"] <= LARGEST:
            raise Refused(f"{name} of {header['size']} bytes")
        os.makedirs(server.incoming, exist_ok=True)
        if server.name not in self.swept:
            self.swept.add(server.name)
            sweep(server.incoming)
        if any(map(os.path.exists, paths(server, name))):
            self.say({"compare": "file"})
            if self.has(server, name, self.hear()["sha256"]):
                self.say({"have": True})
                return
        self.say({"send": True})
        self.store(server, header)
        self.say({"stored": True})

    def has(self, server: Server, name: str, sha256: str) -> bool:
        """Is the same there already?"""
        _, filed = paths(server, name)
        for path in paths(server, name):
            try:
                if self.same(path, name, sha256):
                    # The process that put it there may have died before it did this.
                    files.sync(path)
                    files.sync(os.path.dirname(path))
                    return True
            except FileNotFoundError:
                continue
            # Barman compares, and sets a second one aside: of what only it can read; and of the last segment of a
            # timeline, which comes streamed as well, filled up differently, and whole with the next timeline.
            if path == filed and (server.opaque or name.endswith(".partial")):
                return False
            why = "Two clusters in one archive, or a damaged file"
            raise Refused(f"Barman has {name} already, with other content: {path}. {why}")
        return False

    def same(self, path: str, name: str, sha256: str) -> bool:
        """Is all the WAL of the sender's file in this one?"""
        if digest_of(path) == sha256:
            return True
        if not names.SEGMENT.fullmatch(name):
            return False
        self.say({"compare": "wal"})
        wal = self.hear()
        return bool(digest_of(path, wal["bytes"]) == wal["sha256"])

    def store(self, server: Server, header: Message) -> None:
        name = header["name"]
        hidden = os.path.join(server.incoming, f"{HIDDEN}{name}.{os.getpid()}")
        try:
            with open(hidden, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                sha256 = self.take_content(name, header["size"], file)
                file.flush()
                # Barman's catalogue takes a segment's time from here.
                os.utime(file.fileno(), ns=(header["mtime"], header["mtime"]))
                os.fsync(file.fileno())
                try:
                    # Other than a rename, it never replaces a file.
                    os.link(hidden, os.path.join(server.incoming, name))
                except FileExistsError:
                    # From another node, in the meantime.
                    if not self.has(server, name, sha256):
                        raise Refused(f"Barman has just filed another {name}") from None
        finally:
            files.unlink(hidden)
        files.sync(server.incoming)

    def take_content(self, name: str, size: int, file: BinaryIO) -> str:
        """Writes `size` bytes into the file; answers their checksum, which is the sender's."""
        digest = hashlib.sha256()
        left = size
        while left:
            part = self.source.read(min(CHUNK, left))
            if not part:
                raise Gone
            digest.update(part)
            file.write(part)
            left -= len(part)
        sha256 = self.hear()["sha256"]
        if digest.hexdigest() != sha256:
            raise Refused(f"{name} arrived with another checksum than it was sent with")
        return digest.hexdigest()


def paths(server: Server, name: str) -> tuple[str, str]:
    """First where files wait: one that Barman files meanwhile is then found where it is filed."""
    return os.path.join(server.incoming, name), os.path.join(server.wals, names.folder_of(name), name)


def sweep(directory: str) -> None:
    """Removes what broken transfers have left. One that is still going on holds a lock."""
    for name in os.listdir(directory):
        if name.startswith(HIDDEN):
            try:
                with open(os.path.join(directory, name), "rb") as file:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    os.unlink(os.path.join(directory, name))
            except (BlockingIOError, FileNotFoundError):
                pass


def main() -> None:
    receiver = Receiver(sys.stdin.buffer, sys.stdout)
    receiver.say({"ready": True})
    while True:
        try:
            receiver.receive(receiver.hear())
        except Gone:
            return
        except (Refused, Unreadable, ValueError) as error:
            receiver.say({"error": str(error)})
        except (OSError, KeyError, TypeError) as error:
            # Perhaps with half a file still on its way: only a new connection is clean again.
            receiver.say({"error": f"{type(error).__name__}: {error}"})
            sys.exit(1)
