"""The processes of a run: its session, which nothing else can be in for as long as it lives."""

import os
import signal
import time

from howdah.keeper import Pid
from howdah.processes import pids, process


def is_running(run: Pid) -> bool:
    leader = process(run["pid"])
    return leader is not None and leader.start_ticks == run["startTicks"] and leader.is_alive


def session_members(run: Pid) -> list[int]:
    """Live processes of the run's session: as long as there is one, the kernel gives its number to no other process."""
    leader = process(run["pid"])
    if leader and leader.start_ticks != run["startTicks"]:
        return []
    found = []
    for pid in pids():
        known = process(pid)
        if known and known.session == run["pid"] and known.is_alive:
            found.append(pid)
    return found


def end_session(run: Pid, grace_seconds: float) -> None:
    """Until nothing of it is left. TERM once, since a second one may cut a clean-up short; KILL again and again."""
    deadline = time.monotonic() + grace_seconds
    sent = None
    while members := session_members(run):
        wanted = signal.SIGTERM if time.monotonic() < deadline else signal.SIGKILL
        if wanted != sent or wanted == signal.SIGKILL:
            for pid in members:
                try:
                    os.kill(pid, wanted)
                except ProcessLookupError:
                    pass
            sent = wanted
        time.sleep(0.05)
