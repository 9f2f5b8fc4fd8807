"""How a recovered copy ends: promoted, handed over to take the cluster's place, stopped, removed.

Docker does not end a call whose caller is gone: one that is asked again may find the first one still at it, and waits.
"""

import json
import os
import shlex
import shutil
import subprocess
import time
from typing import Any

from howdah import files
from howdah.recovery.copies import Copy, fail
from howdah.recovery.settings import FLOORS, arguments, put_back, settings
from howdah.wal.names import position_of

AGAIN_SECONDS = 600
# At the position and not stopped by its target for this long: there is no record after it that would.
STANDS_SECONDS = 3
PAUSED, PROMOTED = "paused", "promoted"
STANDING = "SELECT CASE WHEN pg_is_in_recovery() THEN pg_get_wal_replay_pause_state() ELSE 'promoted' END"
REPLAY = "SELECT pg_get_wal_replay_pause_state() = 'paused', pg_last_wal_replay_lsn()"


def space(root: str) -> dict[str, object]:
    """Bytes free on its volume, and bytes that it takes itself."""
    copy = Copy(root)
    parent = copy.root
    while not os.path.exists(parent):
        parent = os.path.dirname(parent)
    found = os.statvfs(parent)
    used = 0
    for top, _, names in os.walk(copy.root):
        for name in names:
            try:
                used += os.lstat(os.path.join(top, name)).st_blocks * 512
            except FileNotFoundError:
                pass
    return {"freeBytes": found.f_bavail * found.f_frsize, "usedBytes": used}


def promote(root: str) -> dict[str, object]:
    copy = Copy(root)
    with files.locked(copy.root):
        standing = comes_to_stand(copy)
        if standing is None:
            return {}
        if standing == PAUSED:
            start_as_the_cluster_does(copy)
        said = copy.psql("SELECT CASE WHEN pg_is_in_recovery() THEN pg_promote(true, 300) ELSE true END")
        # What decides is how it stands, not what was answered on the way there.
        if copy.psql(STANDING).stdout.strip() != PROMOTED:
            fail(f"it was not promoted: {said.stderr.strip() or said.stdout.strip()}")
        drop_dead_links(copy)
        keep_histories(copy)
    return {}


def comes_to_stand(copy: Copy) -> str | None:
    """PAUSED at its target or PROMOTED, as soon as it is; None where it does not run.

    A worker that was lost may have started it only just now: then it takes no connections yet, or replays.
    """
    end = time.monotonic() + AGAIN_SECONDS
    while copy.started_postmaster() is not None:
        said = copy.psql(STANDING)
        standing = said.stdout.strip()
        if standing in (PAUSED, PROMOTED):
            return standing
        if time.monotonic() > end:
            fail(f"it has not paused after {AGAIN_SECONDS} s: {said.stderr.strip() or standing}")
        time.sleep(0.2)
    return None


def drop_dead_links(copy: Copy) -> None:
    """Replay that starts over leaves the link of a tablespace that was dropped, where another took its location.

    It would lead into that one's files, for every base backup to stumble over.
    """
    alive = copy.psql("SELECT oid FROM pg_tablespace")
    if alive.returncode != 0:
        fail(f"its tablespaces cannot be read: {alive.stderr.strip()}")
    for oid in set(os.listdir(copy.data("pg_tblspc"))) - set(alive.stdout.split()):
        if os.path.islink(copy.data(os.path.join("pg_tblspc", oid))):
            os.unlink(copy.data(os.path.join("pg_tblspc", oid)))


def keep_histories(copy: Copy) -> None:
    """A standby asks its primary for the history of every timeline up to the primary's.

    Also of those that the cluster has left.
    """
    newest = int(copy.psql("SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)").stdout, 16)
    for each in range(2, newest):
        name = f"{each:08X}.history"
        target = copy.data(f"pg_wal/{name}")
        if not os.path.exists(target) and takes(copy, name, f"{target}.new"):
            os.rename(f"{target}.new", target)


def takes(copy: Copy, name: str, path: str) -> bool:
    """Whether the archive has it. Fails where that could not be found out: without it no standby would follow."""
    code = subprocess.run(["howdah-take-wal", copy.root, name, path], check=False).returncode
    if code not in (0, 1):
        fail(f"the archive does not tell whether it has {name}: howdah-take-wal ended with exit code {code}")
    return code == 0


def start_as_the_cluster_does(copy: Copy) -> None:
    """Started with what the cluster has, at the very position that was verified.

    A promotion writes into the WAL, and so for every standby and every later restore, what it was started with: it must
    be what the cluster has, not what was enough for any. And not one record more than was verified.

    One that was stopped at the archive's end has no target of its own: it comes to the very position, or, where it has
    nothing after that, is started without a target, because PostgreSQL ends instead of being promoted where it does not
    reach the one that it has.
    """
    at = copy.psql("SELECT pg_last_wal_replay_lsn()").stdout.strip()
    request = copy.request()
    if copy.read("ended") is None:
        tries = [(request["target"], AGAIN_SECONDS)]
    else:
        position = {"kind": "LSN", "value": at, "inclusive": False}
        tries = [(position, STANDS_SECONDS), ({"kind": "END", "value": "", "inclusive": True}, 0)]
    if not any(comes_to(copy, {**request, "target": target}, at, stands) for target, stands in tries):
        fail(f"it does not come to {at} again")


def comes_to(copy: Copy, request: dict[str, Any], at: str, stands: float) -> bool:
    """Whether, started again, it comes to where it was, and is then at its target in time, or has none.

    Fails where it goes beyond.
    """
    stop_postgres(copy)
    start(copy, arguments(settings(copy, request, dict.fromkeys(FLOORS, 0))))
    end, there = time.monotonic() + AGAIN_SECONDS, None
    while time.monotonic() < end:
        paused, _, now = copy.psql(REPLAY).stdout.strip().partition("|")
        if now and position_of(now) > position_of(at):
            # A checkpoint may be the last record of all: replay begins after it then, and takes one more before it
            # looks.
            fail(f"started again, it is at {now}, after {at}, at which it was verified")
        if now == at:
            there = there or time.monotonic()
            if paused == "t" or request["target"]["kind"] == "END":
                return True
            if time.monotonic() - there > stands:
                return False
        time.sleep(0.1)
    return False


def start(copy: Copy, chosen: list[str]) -> None:
    """With these arguments, and until it takes connections."""
    command = [
        "pg_ctl",
        "-D",
        copy.directory,
        "-l",
        copy.path("log"),
        "-w",
        "-t",
        "600",
        "-o",
        shlex.join(chosen),
        "start",
    ]
    said = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if said.returncode != 0:
        fail(f"it does not start again: {said.stderr.strip()}")


def stop(root: str) -> dict[str, object]:
    copy = Copy(root)
    with files.locked(copy.root):
        stop_postgres(copy)
    return {}


def stop_postgres(copy: Copy) -> None:
    if copy.started_postmaster():
        command = ["pg_ctl", "-D", copy.directory, "-m", "fast", "-w", "-t", "300", "stop"]
        said = subprocess.run(command, capture_output=True, text=True, check=False)
        if copy.postmaster():
            fail(f"it does not stop: {said.stderr.strip()}")


def hand_over(root: str) -> dict[str, object]:
    """Stops it for good, as data that waits for its place: with what ALTER SYSTEM had set, tablespaces at their places.

    In the sandbox, where the links still lead to the copy's own tablespaces.
    """
    copy = Copy(root)
    with files.locked(copy.root):
        stop_postgres(copy)
        put_back(copy)
        tablespaces = find_tablespaces(copy)
        files.write(copy.manifest, json.dumps(tablespaces))
    return {"tablespaces": tablespaces}


def find_tablespaces(copy: Copy) -> list[dict[str, str]]:
    """Those that its data has links to; each link is made to lead straight to the tablespace's place."""
    locations = {place: location for location, place in copy.places().items()}
    tablespaces: list[dict[str, str]] = []
    for oid in sorted(os.listdir(copy.data("pg_tblspc"))):
        link = copy.data(os.path.join("pg_tblspc", oid))
        place = os.path.realpath(link)
        if not os.path.islink(link):
            continue
        if place not in locations:
            fail(f"tablespace {oid} lies in {place}, which is none of the copy's own")
        files.relink(link, place)
        if any(other["place"] == place for other in tablespaces):
            fail(f"tablespace {oid} lies in {place}, as another one does")
        tablespaces.append({"oid": oid, "location": locations[place], "place": place})
    return tablespaces


def remove(root: str) -> dict[str, object]:
    """In the node's container, when the sandbox is gone."""
    copy = Copy(root)
    environment = {**os.environ, "HOWDAH_WAL_SPOOL": copy.spool}
    command = ["howdah-fetch-wal", "stop", copy.directory]
    fetched = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if fetched.returncode != 0:
        fail(f"what fetches for it does not end: {fetched.stderr.strip()}")
    # A removal that was cut short leaves a name that is never taken for data.
    gone = f"{copy.root}.gone"
    if os.path.lexists(copy.root):
        shutil.rmtree(gone, ignore_errors=True)
        os.rename(copy.root, gone)
    shutil.rmtree(gone, ignore_errors=True)
    if os.path.lexists(gone):
        fail(f"{gone} could not be removed")
    return {}
