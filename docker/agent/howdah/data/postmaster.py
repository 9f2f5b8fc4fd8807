"""The PostgreSQL that runs on a data directory, whether Patroni is there or not."""

import contextlib
import os
import signal
import subprocess

from howdah import files, processes
from howdah.data import live


def find() -> int | None:
    """Of the node's own data directory. A number that another program has by now is nobody's."""
    try:
        pid = (files.read(os.path.join(live.directory(), "postmaster.pid")) or "").partition("\n")[0].strip()
    except OSError:
        return None
    return int(pid) if pid.isdecimal() and processes.name(pid) == "postgres" else None


def accepts() -> bool:
    """Whether it takes connections: then it was not asked to stop."""
    command = ["pg_isready", "-q", "-t", "2", "-h", "/var/run/postgresql"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def titles(pid: int) -> list[str]:
    """Of its processes, as PostgreSQL sets them: what it waits for is among them."""
    return [title for child in processes.children(pid) if (title := processes.title(child))]


def stop_postgres() -> dict[str, object]:
    """Asks for a fast shutdown. What has ended in this very moment is ended: the next look tells."""
    if pid := find():
        send(pid, signal.SIGINT)
    return {}


def end_postgres() -> None:
    """Its children too: PostgreSQL does not start beside one that is left."""
    if pid := find():
        for each in [pid, *processes.children(pid)]:
            send(each, signal.SIGKILL)


def send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
