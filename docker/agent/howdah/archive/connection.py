"""A kept SSH connection to howdah-receive-wal on the host of Barman: JSON lines both ways, files one way."""

import fcntl
import json
import os
import select
import subprocess
import time
from typing import IO, Any

from howdah import ssh
from howdah.wal.codec import CHUNK

# Away, cut off or frozen: each is noticed within 10 seconds, so that a PostgreSQL that wants to stop is not held up.
NOTICED = ("ServerAliveInterval=3", "ServerAliveCountMax=3")
GREETING_SECONDS = 8

Message = dict[str, Any]


class Refused(Exception):
    """Barman's end has answered, and the answer is no."""


class Lost(Exception):
    """There is no other end, or none any more."""


class Connection:
    def __init__(self) -> None:
        command = ssh.command(ssh.barman(), ["howdah-receive-wal"], *ssh.FAST, *NOTICED)
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert self.child.stdin and self.child.stdout and self.child.stderr
        self.stdin: IO[bytes] = self.child.stdin
        self.stdout: IO[bytes] = self.child.stdout
        self.stderr: IO[bytes] = self.child.stderr
        for pipe in (self.stdin, self.stdout, self.stderr):
            os.set_blocking(pipe.fileno(), False)
        fcntl.fcntl(self.stdin, fcntl.F_SETPIPE_SZ, CHUNK)
        self.received = b""
        self.complaint = b""
        try:
            self.answer(time.monotonic() + GREETING_SECONDS)
        except Exception:
            self.close()
            raise

    def close(self) -> None:
        self.child.kill()
        self.child.wait()
        for pipe in (self.stdin, self.stdout, self.stderr):
            pipe.close()

    def lost(self) -> Lost:
        said = [line for line in self.complaint.decode("utf-8", "replace").splitlines() if line.strip()]
        return Lost(said[-1].strip() if said else "the connection ended")

    def wait(self, deadline: float, writing: bool) -> bool:
        """Until there is an answer, or room to write, which it answers; takes in what arrives meanwhile."""
        poll = select.poll()
        poll.register(self.stdout, select.POLLIN)
        poll.register(self.stderr, select.POLLIN)
        if writing:
            poll.register(self.stdin, select.POLLOUT)
        left = deadline - time.monotonic()
        ready = dict(poll.poll(left * 1000)) if left > 0 else {}
        if not ready:
            raise Lost("no answer in time")
        if self.stderr.fileno() in ready:
            self.complaint = (self.complaint + (self.stderr.read() or b""))[-2000:]
        if self.stdout.fileno() in ready:
            part = self.stdout.read()
            if part == b"":
                self.complaint += self.stderr.read() or b""
                raise self.lost()
            self.received += part or b""
        return self.stdin.fileno() in ready

    def write(self, data: bytes, deadline: float) -> None:
        view = memoryview(data)
        # An answer before all is written can only be a refusal: it is read by the caller that waits for one.
        while view and b"\n" not in self.received:
            if self.wait(deadline, writing=True):
                try:
                    view = view[os.write(self.stdin.fileno(), view) :]
                except BlockingIOError:
                    pass
                except BrokenPipeError:
                    return

    def answer(self, deadline: float) -> Message:
        while b"\n" not in self.received:
            self.wait(deadline, writing=False)
        line, _, self.received = self.received.partition(b"\n")
        answer: Message = json.loads(line)
        if "error" in answer:
            raise Refused(answer["error"])
        return answer
