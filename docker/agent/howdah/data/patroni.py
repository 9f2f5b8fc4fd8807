"""Patroni in a node's container, where runit keeps it up; and the file "down", with which it stays down.

An operation that keeps it down writes its id into the file. A person's own file says something else, or nothing.
"""

import os
import re
import subprocess
import time

from howdah import files
from howdah.refusal import Refusal, failed

SERVICE = "/etc/service/patroni"
# A container that has just been started supervises nothing yet.
SUPERVISED_TRIES = 100
SUPERVISED_SECONDS = 0.2


def down() -> str:
    return os.path.join(SERVICE, "down")


def sv(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["sv", *words, SERVICE], capture_output=True, text=True, errors="replace", check=False)


def is_up() -> bool:
    """Also while it is being stopped, and has not ended. Where runit cannot tell, it is not known to have ended."""
    said = sv("status")
    if said.returncode != 0:
        raise failed("sv status", said.returncode, said.stderr or said.stdout)
    return not said.stdout.startswith("down:")


def wait_until_supervised() -> None:
    """Not for ever: what is asked next then says why it is not."""
    for _ in range(SUPERVISED_TRIES):
        if sv("status").returncode == 0:
            return
        time.sleep(SUPERVISED_SECONDS)


def keep_down(by: str) -> None:
    """Even when the container is restarted. A file that is there is a person's, or another operation's, and stays.

    It is there with the id in it or not at all: without one it would be a person's.
    """
    if not by.strip() or "\n" in by:
        raise Refusal("what keeps Patroni down has no name")
    files.create(down(), f"{by}\n", mode=0o644)


def kept_down_by() -> dict[str, str | None]:
    """The first line of the file; None where there is none."""
    text = files.read(down())
    return {"by": None if text is None else text.partition("\n")[0].strip()}


def patroni_started() -> dict[str, bool]:
    """Whether it is up, and nothing keeps it down when the container is restarted."""
    try:
        return {"started": not os.path.exists(down()) and is_up()}
    except Refusal:
        # What supervises nothing has not started it.
        return {"started": False}


def start_patroni() -> dict[str, bool]:
    """Already started is success. One that was asked to stop and has not ended yet would do nothing else any more."""
    wait_until_supervised()
    if re.match("run:.*got TERM", sv("status").stdout):
        return {"stopping": True}
    files.unlink(down())
    said = sv("up")
    if said.returncode != 0:
        raise failed("sv up", said.returncode, said.stderr or said.stdout)
    return {"stopping": False}


def end_patroni() -> dict[str, object]:
    """It is down already by runit's wish, and is not started again. Already ended is success."""
    sv("kill")
    return {}
