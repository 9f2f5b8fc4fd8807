"""The keeper of a run: starts its command, waits for it, and notes how it ended. See runs.py.

What it notes has its place on the disk before the command starts, as `pid.new` and `exit.new`: a disk that is full by
the time that the command has ended, which may be why it has, must not make it a run of which nothing is known.
"""

import contextlib
import datetime
import fcntl
import json
import os
import signal
import subprocess
from typing import NoReturn, TypedDict

from howdah import files
from howdah.processes import process

# For every user of the container to read.
MODE = 0o666
# Bytes for each note.
RESERVED = 200


class Pid(TypedDict):
    """The file `pid`."""

    pid: int
    startTicks: int
    startedAt: str


def prepare(path: str) -> int:
    """Makes a run's directory; answers its lock, taken."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    os.mkdir(path, 0o755)
    lock = os.open(os.path.join(path, "lock"), os.O_RDWR | os.O_CREAT, 0o644)
    fcntl.flock(lock, fcntl.LOCK_EX)
    os.close(os.open(os.path.join(path, "output"), os.O_WRONLY | os.O_CREAT, 0o644))
    for name in ("pid", "exit"):
        files.write_in_place(os.path.join(path, f"{name}.new"), " " * RESERVED, MODE)
    return lock


def note(path: str, name: str, text: str) -> None:
    """Over the bytes that it has, and then by its name: whole or not at all, and in no more room."""
    prepared = os.path.join(path, f"{name}.new")
    with open(prepared, "r+", encoding="utf-8") as file:
        file.write(text.ljust(RESERVED))
        file.flush()
        os.fsync(file.fileno())
    files.rename(prepared, os.path.join(path, name))


def keep(path: str, run_id: str, extra: dict[str, str], argv: list[str], ready: int) -> NoReturn:
    """The keeper: starts the command, waits for it, writes down how it ended.

    It has inherited the lock, and closes READY once the command runs.
    """
    os.setsid()
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    output = os.open(os.path.join(path, "output"), os.O_WRONLY | os.O_APPEND)
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "HOWDAH_OPERATION": run_id, **extra}
    try:
        child = subprocess.Popen(
            argv,
            stdin=nothing,
            stdout=output,
            stderr=output,
            env=environment,
            start_new_session=True,
            preexec_fn=heed_signals,
        )
    except OSError as error:
        with contextlib.suppress(OSError):
            os.write(output, f"howdah-run: {argv[0]}: {error.strerror}\n".encode())
        note(path, "exit", "127")
        os._exit(0)
    try:
        note(path, "pid", json.dumps(describe(child.pid)))
    except OSError:
        # It would run unseen, and could not be stopped.
        os.killpg(child.pid, signal.SIGKILL)
    os.close(ready)
    code = child.wait()
    note(path, "exit", str(code if code >= 0 else 128 - code))
    os._exit(0)


def heed_signals() -> None:
    """In the command itself: what the keeper ignores."""
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)


def describe(child: int) -> Pid:
    """Of a child that was not waited for: one that has ended is a zombie, and its entry in /proc still there."""
    known = process(child)
    assert known is not None
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"pid": child, "startTicks": known.start_ticks, "startedAt": now}
