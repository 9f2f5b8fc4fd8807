"""A copy's PostgreSQL: how it is started, and how it stands."""

import json
import os
import pathlib
import pwd
import re
import shutil
import time
from typing import Any, NoReturn

from howdah import files
from howdah.data.control import control_data
from howdah.recovery.copies import OURS, Copy, fail
from howdah.recovery.settings import FLOORS, arguments, needed, put_aside, settings
from howdah.wal.names import position_of

# Replay has stood at one position for this long, and the archive, asked since, does not have what comes next: it has
# ended. One that does not answer, or is slow to, has not.
QUIET_SECONDS = 4
# An archive that goes on growing never ends: what it had when the replay began, and what came within this long after
# that, is all of it.
ENOUGH_SECONDS = 10


def prepare(text: str) -> dict[str, object]:
    """The root, and where it has its tablespaces: {"root", "tablespaces": [{"oid", "location"}]}."""
    request = json.loads(text)
    copy = Copy(request["root"])
    os.makedirs(os.path.dirname(copy.root), mode=0o700, exist_ok=True)
    for directory in (copy.root, copy.private, copy.wal, copy.tablespaces):
        os.makedirs(directory, mode=0o700, exist_ok=True)
    for tablespace in request["tablespaces"]:
        give_place(copy, tablespace["location"], tablespace["oid"])
    return {}


def give_place(copy: Copy, location: str, oid: int) -> None:
    places = copy.places()
    place = places.get(location) or os.path.join(copy.tablespaces, str(int(oid)))
    os.makedirs(place, mode=0o700, exist_ok=True)
    copy.write_places({**places, location: place})


def link_places(root: str) -> dict[str, object]:
    """In the sandbox, as root: where the cluster has a tablespace, the copy finds its own."""
    copy = Copy(root)
    # One may lie in the other.
    for location, place in sorted(copy.places().items()):
        if os.path.islink(location) and os.readlink(location) == place:
            continue
        os.makedirs(os.path.dirname(location), exist_ok=True)
        if os.path.lexists(location):
            fail(f"{location} is no place for a tablespace: it is a part of the container itself")
        os.symlink(place, location)
    return {}


def serve(text: str) -> NoReturn:
    request: dict[str, Any] = json.loads(text)
    copy = Copy(request["root"])
    # One that is being promoted or stopped is left to that: its lock file must not be taken from it. The lock ends as
    # this process becomes PostgreSQL.
    with files.locked(copy.root):
        if copy.started_postmaster():
            fail("its PostgreSQL runs already")
        become_postgres(copy, request)


def become_postgres(copy: Copy, request: dict[str, Any]) -> NoReturn:
    # Of this start alone, with whatever keeps it from starting: an old FATAL must not be taken for its end.
    log = os.open(copy.path("log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_TRUNC, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    put_data_right(copy)
    copy.write("served", json.dumps(request))
    put_aside(copy)
    me = pwd.getpwuid(os.getuid()).pw_name
    copy.write("pg_ident.conf", f"howdah {me} postgres\n")
    if not os.path.exists(copy.path("pg_hba.conf")):
        copy.write("pg_hba.conf", OURS)
    os.makedirs(copy.path("taken"), mode=0o700, exist_ok=True)
    for name in ("quiet", "asked", "passed", "ended", "reached"):
        pathlib.Path(copy.path(name)).unlink(missing_ok=True)
    os.chmod(copy.directory, 0o700)
    chosen = settings(copy, request, FLOORS)
    copy.mark_start()
    copy.write("running", json.dumps({name: int(chosen[name]) for name in FLOORS}))
    os.execvp("postgres", ["postgres", "-D", copy.directory, *arguments(chosen)])


def put_data_right(copy: Copy) -> None:
    """What a restore, or a copy that was killed, has left is made what PostgreSQL can start on as a standby."""
    # What one that was killed with its container has left names processes that are others by now.
    for left in (pathlib.Path(copy.data("postmaster.pid")), *pathlib.Path(copy.private).glob(".s.PGSQL.*")):
        left.unlink(missing_ok=True)
    for name in ("pg_wal", "pg_wal/archive_status", "pg_tblspc"):
        os.makedirs(copy.data(name), mode=0o700, exist_ok=True)
    # Slots of the original would keep WAL for standbys that this copy never has, and decode for no client.
    for entry in pathlib.Path(copy.data("pg_replslot")).glob("*"):
        shutil.rmtree(entry)
    # As a standby without a primary: at the end of the archive it then waits, where a recovery would promote itself or,
    # after the last commit, end in an error. At each start: data that an undo promoted before it was rolled back is
    # replayed again.
    pathlib.Path(copy.data("recovery.signal")).unlink(missing_ok=True)
    pathlib.Path(copy.data("standby.signal")).touch(mode=0o600)


STANDING = """SELECT json_build_object(
  'recovering', pg_is_in_recovery(),
  'paused', CASE WHEN pg_is_in_recovery() THEN pg_get_wal_replay_pause_state() = 'paused' ELSE false END,
  'lsn', CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
  'time', to_char(pg_last_xact_replay_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
  'timeline', CASE WHEN pg_is_in_recovery() THEN (SELECT min_recovery_end_timeline FROM pg_control_recovery())
    ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END,
  'checkpointTimeline', (SELECT timeline_id FROM pg_control_checkpoint()),
  'locks', (SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE backend_type = 'startup' AND locktype = 'relation' AND mode = 'AccessExclusiveLock'))"""


WANTS_NOTHING: dict[str, object] = {"settings": {}, "tablespace": None}


def status(root: str) -> dict[str, Any]:
    """What CopyStatus of src/clients/agent/recovered-copy.ts is made of."""
    copy = Copy(root)
    answer: dict[str, Any] = {
        "state": "ABSENT",
        "timeline": None,
        "lsn": None,
        "reached": None,
        "atEnd": False,
        "locks": 0,
        "lastLines": [],
        "wants": WANTS_NOTHING,
    }
    if not os.path.isdir(copy.directory):
        return answer
    answer["lastLines"] = [line for line in (copy.read("log") or "")[-8000:].splitlines() if line][-20:]
    if copy.read("served") is None:
        return {**answer, "state": "STOPPED"}
    if copy.postmaster() is None:
        if files.is_locked(copy.root) or copy.is_starting():
            return {**answer, "state": "STARTING", "lastLines": []}
        return {**answer, "state": "STOPPED", "wants": wants(copy)}
    startup = next((title for title in copy.titles() if "startup" in title), "")
    segment = re.search(r"(?:recovering|waiting for) ([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})", startup)
    asked = copy.psql(STANDING)
    if asked.returncode != 0:
        return {**answer, "state": "STARTING", "lsn": approximate_lsn(segment)}
    seen = json.loads(asked.stdout)
    reached = reached_by(copy, seen)
    answer["lsn"] = seen["lsn"]
    answer["locks"] = seen["locks"]
    answer["timeline"] = seen["timeline"] or seen["checkpointTimeline"]
    answer["reached"] = reached
    if not seen["recovering"]:
        return {**answer, "state": "PROMOTED", "reached": copy.kept("reached") or reached}
    if seen["paused"]:
        return {**answer, "state": "PAUSED", **paused_at(copy, reached)}
    # No commit is written after the last one that the archive holds; so the copy is stopped here, for good.
    if ("waiting for" in startup and is_quiet(copy, seen["lsn"], segment)) or has_enough(copy, seen["lsn"]):
        copy.write("ended", seen["lsn"])
        copy.psql("SELECT pg_wal_replay_pause()")
    return {**answer, "state": "REPLAYING"}


def approximate_lsn(segment: re.Match[str] | None) -> str | None:
    """Of the segment that is being replayed, while PostgreSQL does not answer yet."""
    if not segment:
        return None
    high, low = int(segment[2], 16), int(segment[3], 16) * 16 * 1024 * 1024
    return f"{high:X}/{low:X}"


def reached_by(copy: Copy, seen: dict[str, Any]) -> dict[str, Any]:
    """What was committed last, and when. Fails where commit timestamps are off."""
    last = copy.psql("SELECT xid FROM pg_last_committed_xact()") if seen["recovering"] else None
    xid = last.stdout.strip() if last and last.returncode == 0 else ""
    return {"time": seen["time"], "lsn": seen["lsn"], "xid": xid if seen["time"] and xid else None}


def paused_at(copy: Copy, reached: dict[str, Any]) -> dict[str, Any]:
    """PostgreSQL pauses for more reasons than its target: what it lacks is written into pg_control first."""
    if lacking := lacks(copy):
        return {"wants": {"settings": lacking, "tablespace": None}}
    if copy.read("reached") is None:
        copy.write("reached", json.dumps(reached))
    return {"atEnd": copy.read("ended") is not None}


def lacks(copy: Copy) -> dict[str, int]:
    """Settings that the WAL asks for more of than it was started with, and how much."""
    running = copy.kept("running") or {}
    least = needed(control_data(copy.directory))
    return {name: value for name, value in least.items() if value > running.get(name, value)}


TABLESPACE = re.compile(r'CONTEXT:  WAL redo at [0-9A-F/]+ for Tablespace/CREATE: (\d+) "(.*)"$', re.MULTILINE)


def wants(copy: Copy) -> dict[str, object]:
    """What one that has ended lacks to go on: more of a setting, or a place for a tablespace that the WAL makes."""
    log = copy.read("log") or ""
    made = TABLESPACE.search(log) if "FATAL:" in log else None
    tablespace = {"oid": int(made[1]), "location": made[2]} if made and made[2] not in copy.places() else None
    return {"settings": lacks(copy), "tablespace": tablespace}


def is_quiet(copy: Copy, lsn: str, segment: re.Match[str] | None) -> bool:
    """Whether the archive ends at this position, where replay waits for a segment.

    Each look writes down what the next compares with.
    """
    before = copy.kept("quiet")
    if before is None or before["lsn"] != lsn:
        copy.write("quiet", json.dumps({"lsn": lsn, "since": time.time()}))
        return False
    asked = copy.kept("asked")
    if asked is None or segment is None or asked["name"][8:] != segment[2] + segment[3]:
        return False
    # An unfinished segment is handed over as far as it goes: one that was replayed, and is asked for again, had no
    # more.
    answered = asked["askedAt"] if asked["missing"] else asked["askedBefore"]
    return bool(answered is not None and answered - before["since"] >= QUIET_SECONDS)


def has_enough(copy: Copy, lsn: str) -> bool:
    """Whether a replay to the archive's end has passed long ago where that was when it began."""
    enough = copy.request().get("enough")
    if enough is None or position_of(lsn) < position_of(enough):
        return False
    passed = copy.read("passed")
    if passed is None:
        copy.write("passed", str(time.time()))
        return False
    return time.time() - float(passed) >= ENOUGH_SECONDS
