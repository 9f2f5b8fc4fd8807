"""Patroni in a node's container, where runit keeps it up; and the file "down", with which it stays down.

An operation that keeps it down writes its id into the file. A person's own file says something else, or nothing.

What runit looks at is in the container's own layer, and gone with the container when that is replaced. So the image
has a link there, and the file itself lies on the data's volume: what is written to it outlasts the container. A link
that is not there any more was removed by a person, who wants Patroni up; a file in its place is one that a person has
moved there. settle_down makes both lasting.
"""

import os
import re
import subprocess
import time

from howdah import files
from howdah.data import live
from howdah.refusal import Refusal, failed

SERVICE = "/etc/service/patroni"
# A container that has just been started supervises nothing yet.
SUPERVISED_TRIES = 100
SUPERVISED_SECONDS = 0.2


def down() -> str:
    """What runit looks at."""
    return os.path.join(SERVICE, "down")


def lasting() -> str:
    """What that leads to, on the volume."""
    return os.path.join(os.path.dirname(live.directory()), ".patroni-down")


def settle_down() -> dict[str, object]:
    """Before runit looks, whenever a container starts: what was last wished in it holds, also in the next container.

    Whatever it is cut short in, doing it again ends the same way.
    """
    if os.path.islink(down()):
        pass
    elif os.path.exists(down()):
        files.write(lasting(), files.read(down()) or "", mode=0o644)
        files.sync(os.path.dirname(lasting()))
    else:
        release()
    files.relink(down(), lasting())
    return {}


def release() -> None:
    """Nothing keeps it down any more, and nothing brings that back after a crash."""
    files.unlink(lasting())
    files.sync(os.path.dirname(lasting()))


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
    """Even when the container is restarted or replaced. A file that is there is a person's, or another operation's.

    That one stays. Ours is there with the id in it or not at all: without one it would be a person's.
    """
    if not by.strip() or "\n" in by:
        raise Refusal("what keeps Patroni down has no name")
    settle_down()
    files.create(lasting(), f"{by}\n", mode=0o644)


def kept_down_by() -> dict[str, str | None]:
    """The first line of the file; None where there is none."""
    text = files.read(down())
    return {"by": None if text is None else text.partition("\n")[0].strip()}


def patroni_started() -> dict[str, bool]:
    """Whether it is up, and nothing keeps it down when the container is restarted or replaced."""
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
    settle_down()
    release()
    said = sv("up")
    if said.returncode != 0:
        raise failed("sv up", said.returncode, said.stderr or said.stdout)
    return {"stopping": False}


def end_patroni() -> dict[str, object]:
    """It is down already by runit's wish, and is not started again. Already ended is success."""
    sv("kill")
    return {}
