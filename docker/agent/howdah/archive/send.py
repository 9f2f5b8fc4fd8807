"""howdah-send-wal SOCKET: hands WAL over to Barman through one SSH connection, kept from segment to segment.

Started by howdah-archive-wal, and one for each node: it listens on SOCKET, where only its own user may knock, and
returns to its starter as soon as it listens. A request is SERVER, a zero byte, the path, a line break; the answer "ok",
or why not; "ok " and a remark where there was nothing to hand over. At the other end of the connection is howdah-
receive-wal, which says what goes over it.

It is no service of runit's: on a stop of the container it must outlive PostgreSQL, which archives its last segment
then.
"""

import fcntl
import hashlib
import json
import os
import socket
import sys
import time
from collections.abc import Callable
from typing import IO

from howdah import files, ssh
from howdah.archive.connection import Connection, Lost, Message, Refused
from howdah.wal import names
from howdah.wal.codec import CHUNK
from howdah.wal.segment import end_of_wal, never_written, written_bytes

# For one file, however slow Barman's disk.
FILE_SECONDS = 40
# A node that leads no more need not keep its connection. Longer than archive_timeout.
IDLE_SECONDS = 600

Tell = Callable[[Message], None]


class Sender:
    def __init__(self) -> None:
        self.connection: Connection | None = None

    def drop(self) -> None:
        if self.connection:
            self.connection.close()
            self.connection = None

    def send(self, server: str, path: str) -> None:
        """Returns when the file is Barman's for certain. Sending one twice is safe."""
        kept = self.connection is not None
        try:
            self.hand_over(server, path)
        except Lost:
            if not kept:
                raise
            # A kept connection may have died unnoticed, Barman restarted: PostgreSQL need not hear of that.
            self.hand_over(server, path)

    def hand_over(self, server: str, path: str) -> None:
        try:
            with open(path, "rb") as file:
                self.connection = self.connection or Connection()
                transfer(self.connection, server, path, file)
        except Exception:
            # In the middle of a file: what comes next on this connection is unknown.
            self.drop()
            raise


def transfer(connection: Connection, server: str, path: str, file: IO[bytes]) -> None:
    deadline = time.monotonic() + FILE_SECONDS
    known = os.stat(file.fileno())

    def tell(message: Message) -> None:
        connection.write(json.dumps(message).encode() + b"\n", deadline)

    tell({"server": server, "name": os.path.basename(path), "size": known.st_size, "mtime": known.st_mtime_ns})
    if "send" not in compared(connection, path, file, tell, deadline):
        return
    digest = hashlib.sha256()

    def send(part: bytes) -> None:
        connection.write(part, deadline)
        # While ssh works on it.
        digest.update(part)

    if read_first(file, known.st_size, send) < known.st_size:
        raise OSError(f"{path} became shorter while it was sent")
    tell({"sha256": digest.hexdigest()})
    # It may have come from another node in the meantime.
    compared(connection, path, file, tell, deadline)


def compared(connection: Connection, path: str, file: IO[bytes], tell: Tell, deadline: float) -> Message:
    """The answer that is no question for the content of the file, or of the WAL in it."""
    while "compare" in (answer := connection.answer(deadline)):
        asked_for_wal = answer["compare"] == "wal"
        size = end_of_wal(path, os.path.basename(path)) if asked_for_wal else os.stat(file.fileno()).st_size
        digest = hashlib.sha256()
        read_first(file, size, digest.update)
        tell({"bytes": size, "sha256": digest.hexdigest()})
    return answer


def read_first(file: IO[bytes], size: int, take: Callable[[bytes], None]) -> int:
    """Hands over up to `size` of its bytes, piece by piece; answers how many there were."""
    file.seek(0)
    left = size
    while left and (part := file.read(min(CHUNK, left))):
        take(part)
        left -= len(part)
    return size - left


def is_nothing(path: str) -> bool:
    """A segment of a timeline that this node has left, and that was never written.

    What a server gets ready for later may survive a crash and a rewind, until a checkpoint takes it for a segment that
    was never archived.
    """
    folder, name = os.path.split(path)
    if not names.SEGMENT.fullmatch(name) or written_bytes(path, name):
        return False
    newer = any(names.is_history(entry) and entry > name for entry in os.listdir(folder))
    return newer and never_written(path, name)


def archive(sender: Sender, server: str, path: str) -> str:
    if is_nothing(path):
        name = os.path.basename(path)
        return f"ok {name} was never written, and its timeline is left: there is nothing to archive"
    sender.send(server, path)
    return "ok"


def serve(listener: socket.socket) -> None:
    sender = Sender()
    while True:
        listener.settimeout(IDLE_SECONDS if sender.connection else None)
        try:
            client, _ = listener.accept()
        except TimeoutError:
            sender.drop()
            continue
        with client:
            answer = answer_to(client, sender)
            try:
                client.sendall(answer.encode("utf-8", "replace") + b"\n")
            except OSError:
                # PostgreSQL's command is gone; it will ask again, and get the answer at once.
                pass


def answer_to(client: socket.socket, sender: Sender) -> str:
    try:
        client.settimeout(5)
        request = b""
        while not request.endswith(b"\n") and (part := client.recv(4096)):
            request += part
        server, _, path = request.rstrip(b"\n").partition(b"\0")
        return archive(sender, server.decode(), os.fsdecode(path))
    except Lost as error:
        return f"{ssh.barman()}: {error}"
    except (Refused, OSError, ValueError) as error:
        return str(error)


def take_lock(path: str) -> int | None:
    """The lock of those that listen there, held for as long as this program lives; None where another one has it."""
    lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return lock
    except BlockingIOError:
        return None


def leave_everything_behind(own: set[int]) -> None:
    """All that is PostgreSQL's: its process group, its directory, its log, its files."""
    os.setsid()
    os.chdir("/")
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) not in own:
            try:
                os.close(int(name))
            except OSError:
                pass


def main() -> None:
    path = sys.argv[1]
    lock = take_lock(path)
    if lock is None:
        # Another one has just started, or is about to listen.
        time.sleep(0.5)
        return
    files.unlink(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    os.umask(0o077)
    listener.bind(path)
    listener.listen(8)
    if os.fork() != 0:
        os._exit(0)
    leave_everything_behind({lock, listener.fileno()})
    serve(listener)
