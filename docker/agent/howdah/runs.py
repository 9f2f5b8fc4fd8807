"""A detached, adoptable command: whatever started it may die, and another can take over.

  howdah-run start ID [--env K=V]... -- ARGV...   run ARGV once; a second start of the same ID only reports
  howdah-run status ID                            one JSON line
  howdah-run follow ID OFFSET                     output from that byte on, until the command has ended
  howdah-run stop ID [SECONDS]                    TERM to the whole session, KILL after SECONDS (3), then status
  howdah-run remove ID                            forget a run that has ended
  howdah-run list                                 status of every run
  howdah-run reap DAYS                            forget runs that ended longer ago than that

A run is a directory: `pid` (pid, its start in clock ticks so that a reused pid is not mistaken for it, time), `output`,
`exit` (when it has ended), `backup-id` (Barman's hook), and `lock`, held by the run's keeper: see keeper.py.
No file `exit`, no keeper and no process: LOST, the container was restarted.
"""

import fcntl
import json
import os
import re
import shutil
import sys
import time
from typing import NoReturn, TypedDict

from howdah import files
from howdah.keeper import Pid, keep, prepare
from howdah.run_session import end_session, is_running

RUNS = os.environ.get("HOWDAH_RUNS", "/var/lib/howdah/runs")


class Status(TypedDict):
    id: str
    state: str
    exitCode: int | None
    pid: int | None
    startedAt: str | None
    outputBytes: int
    backupId: str | None


def fail(message: str) -> NoReturn:
    sys.exit(f"howdah-run: {message}")


def directory(run_id: str) -> str:
    # A leading dot would allow "..".
    if not re.fullmatch(r"(?!\.)[A-Za-z0-9_.-]{1,80}", run_id):
        fail("an id is 1 to 80 of A-Z a-z 0-9 _ . - and does not begin with a dot")
    return os.path.join(RUNS, run_id)


def kept(path: str) -> bool:
    """Is the keeper alive? It holds the lock for as long as it lives."""
    try:
        with open(os.path.join(path, "lock"), "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False


def pid_of(path: str) -> Pid | None:
    text = files.read(os.path.join(path, "pid"))
    if not text:
        return None
    run: Pid = json.loads(text)
    return run


def status(run_id: str) -> Status:
    path = directory(run_id)
    answer: Status = {
        "id": run_id,
        "state": "UNKNOWN",
        "exitCode": None,
        "pid": None,
        "startedAt": None,
        "outputBytes": 0,
        "backupId": None,
    }
    if not os.path.isdir(path):
        return answer
    alive = kept(path)
    run = pid_of(path)
    if not alive and run:
        alive = is_running(run)
    # `exit` is looked at last: a run that ended since is EXITED, never LOST.
    code = files.read(os.path.join(path, "exit"))
    answer["state"] = "EXITED" if code is not None else "RUNNING" if alive else "LOST"
    answer["exitCode"] = None if code is None else int(code)
    if run:
        answer["pid"] = run["pid"]
        answer["startedAt"] = run["startedAt"]
    try:
        answer["outputBytes"] = os.stat(os.path.join(path, "output")).st_size
    except FileNotFoundError:
        pass
    answer["backupId"] = (files.read(os.path.join(path, "backup-id")) or "").strip() or None
    return answer


def report(run_id: str) -> None:
    print(json.dumps(status(run_id)), flush=True)


def parse_start(rest: list[str]) -> tuple[dict[str, str], list[str]]:
    """Variables for the command, and the command."""
    extra = {}
    while len(rest) >= 2 and rest[0] == "--env":
        name, found, value = rest[1].partition("=")
        if not found or not name:
            fail("--env wants K=V")
        extra[name] = value
        rest = rest[2:]
    if len(rest) < 2 or rest[0] != "--":
        fail("usage: howdah-run start ID [--env K=V]... -- ARGV...")
    return extra, rest[1:]


def start(run_id: str, rest: list[str]) -> None:
    path = directory(run_id)
    extra, argv = parse_start(rest)
    # Nothing is made for a start that only reports: there may be no room for it.
    lock = None if os.path.isdir(path) else take_id(run_id, path)
    if lock is None:
        report(run_id)
        return
    ready, written = os.pipe()
    if os.fork() == 0:
        os.close(ready)
        keep(path, run_id, extra, argv, written)
    os.close(written)
    os.close(lock)
    os.read(ready, 1)
    report(run_id)


def take_id(run_id: str, path: str) -> int | None:
    """Makes the run's directory; answers its lock, or None where there is such a run already.

    The lock is taken in a directory that no other program sees yet: a run that can be seen has a keeper, or is lost.
    """
    hidden = os.path.join(os.path.dirname(path), f".{run_id}.{os.getpid()}")
    try:
        lock = prepare(hidden)
    except OSError as error:
        shutil.rmtree(hidden, ignore_errors=True)
        fail(f"{run_id} cannot be started: {error.strerror}")
    try:
        # Renaming onto a directory that is not empty fails: one of many starts wins.
        os.rename(hidden, path)
        return lock
    except OSError:
        shutil.rmtree(hidden)
        return None


def follow(run_id: str, offset: str) -> None:
    path = os.path.join(directory(run_id), "output")
    position = int(offset)
    while True:
        ended = status(run_id)["state"] != "RUNNING"
        try:
            with open(path, "rb") as output:
                output.seek(position)
                while chunk := output.read(65536):
                    position += len(chunk)
                    sys.stdout.buffer.write(chunk)
                    sys.stdout.buffer.flush()
        except FileNotFoundError:
            pass
        if ended:
            return
        time.sleep(0.05)


def stop(run_id: str, seconds: str = "3") -> None:
    path = directory(run_id)
    run = pid_of(path)
    if run:
        end_session(run, float(seconds))
        patience = time.monotonic() + 2
        while kept(path) and time.monotonic() < patience:
            time.sleep(0.02)
    report(run_id)


def remove(run_id: str) -> None:
    if status(run_id)["state"] == "RUNNING":
        fail(f"{run_id} is running")
    path = directory(run_id)
    if os.path.isdir(path):
        # Gone in one step for every other program.
        hidden = os.path.join(RUNS, f".{run_id}.{os.getpid()}.removed")
        os.rename(path, hidden)
        shutil.rmtree(hidden)
    report(run_id)


def runs() -> list[str]:
    return sorted(name for name in os.listdir(RUNS) if not name.startswith(".")) if os.path.isdir(RUNS) else []


def reap(days: str) -> None:
    limit = time.time() - float(days) * 86400
    for name in os.listdir(RUNS) if os.path.isdir(RUNS) else []:
        path = os.path.join(RUNS, name)
        if name.startswith(".") or (os.stat(path).st_mtime < limit and status(name)["state"] != "RUNNING"):
            shutil.rmtree(path, ignore_errors=True)


def run_command(command: str, rest: list[str]) -> None:
    if command == "start" and rest:
        start(rest[0], rest[1:])
    elif command == "status" and len(rest) == 1:
        report(rest[0])
    elif command == "follow" and len(rest) == 2:
        follow(*rest)
    elif command == "stop" and len(rest) in (1, 2):
        stop(*rest)
    elif command == "remove" and len(rest) == 1:
        remove(rest[0])
    elif command == "list" and not rest:
        for name in runs():
            report(name)
    elif command == "reap" and len(rest) == 1:
        reap(*rest)
    else:
        sys.exit(__doc__)


def main() -> None:
    command, *rest = sys.argv[1:] or ["help"]
    try:
        run_command(command, rest)
    except (BrokenPipeError, KeyboardInterrupt):
        # The program that was listening is gone.
        os._exit(1)
