"""Barman's command line without its start: each command runs in a fork of a process that has imported Barman already.

To import it takes 0.4 s of processor time, what a command then does often 0.1 s; and there is a command for each
backup.
"""

import io
import json
import os
import select
import signal
import socket
import sys
import time
import traceback
from types import ModuleType
from typing import NoReturn


class WarmBarman:
    """To be made before the first thread is started: a fork keeps the locks of threads that it has not got."""

    def __init__(self) -> None:
        self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        if os.fork() == 0:
            self._requests.close()
            _serve(theirs)
        theirs.close()

    def run(self, args: list[str], timeout: float) -> tuple[int, str, str]:
        """Exit code, standard output and standard error.

        TimeoutError after `timeout` seconds, when the command has been killed; ConnectionError when the process with
        Barman is gone; OSError when something else has killed the command.
        """
        with _in_memory("stdout") as stdout, _in_memory("stderr") as stderr:
            ours, theirs = os.pipe()
            with open(ours, "rb", buffering=0) as status:
                try:
                    given = [stdout.fileno(), stderr.fileno(), theirs]
                    socket.send_fds(self._requests, [json.dumps(args).encode()], given)
                finally:
                    os.close(theirs)
                code = _wait(status, " ".join(["barman", *args]), timeout)
            return code, _text(stdout), _text(stderr)


def _in_memory(name: str) -> io.BufferedRandom:
    return open(os.memfd_create(name), "w+b")


def _text(file: io.BufferedRandom) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace")


def _wait(status: io.FileIO, command: str, timeout: float) -> int:
    """The command says its process id, and at its end its exit code."""
    said = b""
    until = time.monotonic() + timeout
    while True:
        if not select.select([status], [], [], max(0, until - time.monotonic()))[0]:
            if b"\n" in said:
                # What it has started, ssh for one, is in its process group.
                os.killpg(int(said.split(b"\n")[0]), signal.SIGKILL)
            raise TimeoutError(f"{command} did not end within {timeout} s")
        more = status.read(64)
        if not more:
            break
        said += more
    words = said.split()
    if not words:
        # A request that was sent just before: no process is left to fork for it.
        raise ConnectionError(f"{command} was not begun")
    if len(words) < 2:
        raise OSError(f"{command} was killed")
    return int(words[1])


def _serve(requests: socket.socket) -> NoReturn:
    """Forks for each request until the reader is gone. Never returns."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    # The reader's own: its session would not end as long as they are open.
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    from barman import cli

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        request, fds, _, _ = socket.recv_fds(requests, 65536, 3)
        if not request:
            os._exit(0)
        if os.fork() == 0:
            requests.close()
            _become(cli, json.loads(request), *fds)
        for fd in fds:
            os.close(fd)


def _become(cli: ModuleType, args: list[str], stdout: int, stderr: int, status: int) -> NoReturn:
    """Runs the command in this process, which ends with it."""
    code = 1
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(stdout, 1)
        os.dup2(stderr, 2)
        os.write(status, b"%d\n" % os.getpid())
        sys.argv = ["barman", *args]
        code = cli.main() or 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os.write(status, b"%d\n" % code)
        os._exit(0)
