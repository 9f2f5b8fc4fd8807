"""The PostgreSQL that runs on a data directory, whether Patroni is there or not."""

import contextlib
import os
import signal
import subprocess

from howdah import processes
from howdah.data import live
from howdah.refusal import Refusal

PROGRAM = "postgres"


def working_in(*directories: str) -> list[int]:
    """Every process of a PostgreSQL on one of them: a server's, or a recovery's in a single session.

    By where it works, always its data directory: postmaster.pid may be damaged, or name another program by now.
    """
    places = [(place.st_dev, place.st_ino) for place in map(stat_of, directories) if place]
    found = [pid for pid in processes.pids() if processes.name(pid) == PROGRAM]
    return sorted(pid for pid, place in processes.working_places(found).items() if place in places)


def stat_of(directory: str) -> os.stat_result | None:
    return os.stat(directory) if os.path.isdir(directory) else None


def find() -> list[int]:
    """Of the node's own data directory, without their children: a postmaster, and what has lost its own."""
    found = working_in(live.directory())
    return [pid for pid in found if not (known := processes.process(pid)) or known.parent not in found]


def refuse_running(*directories: str) -> None:
    """Data that a server writes must not be moved."""
    if found := working_in(*directories):
        raise Refusal(f"PostgreSQL runs there: process {', '.join(map(str, found))}")


def accepts() -> bool:
    """Whether it takes connections: then it was not asked to stop."""
    command = ["pg_isready", "-q", "-t", "2", "-h", "/var/run/postgresql"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def titles(pids: list[int]) -> list[str]:
    """Of their children, as PostgreSQL sets them: what it waits for is among them."""
    return [title for pid in pids for child in processes.children(pid) if (title := processes.title(child))]


def stop_postgres() -> dict[str, object]:
    """Asks for a fast shutdown. What has ended in this very moment is ended: the next look tells."""
    for pid in find():
        send(pid, signal.SIGINT)
    return {}


def end_postgres() -> None:
    """Its children too: PostgreSQL does not start beside one that is left."""
    for pid in find():
        for each in [pid, *processes.children(pid)]:
            send(each, signal.SIGKILL)


def send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
