"""Stops Patroni, and with it PostgreSQL, and says how far that is."""

from typing import NamedTuple, TypedDict

from howdah.data import control, live, patroni, postmaster
from howdah.data.requests import parse


class Stop(NamedTuple):
    # The operation.
    by: str
    # For how long to wait.
    seconds: int


class Postgres(TypedDict):
    accepts: bool
    processes: list[str]


class Stopping(TypedDict):
    patroni: bool
    # None once no PostgreSQL of the node's data directory is left.
    postgres: Postgres | None
    # The state of pg_control; None where it cannot be read.
    control: str | None


def stop_patroni(text: str) -> Stopping:
    """Kept down first: one that ended and came back by itself would lead with data that is being given up.

    runit asks it once more each time, which Patroni takes no notice of.
    """
    by, seconds = parse(text, Stop)
    patroni.keep_down(by)
    patroni.wait_until_supervised()
    patroni.sv("-w", str(seconds), "stop")
    return look()


def look() -> Stopping:
    """Patroni first: one that is seen to have ended starts no PostgreSQL after it was looked for."""
    is_up = patroni.is_up()
    pids = postmaster.find()
    state = control.state(live.directory())
    postgres: Postgres | None = None
    if pids:
        postgres = {"accepts": postmaster.accepts(), "processes": postmaster.titles(pids)}
    return {"patroni": is_up, "postgres": postgres, "control": state}


def end_both() -> dict[str, object]:
    """By force. What was committed is in the WAL, from which PostgreSQL recovers when it is started again."""
    patroni.end_patroni()
    postmaster.end_postgres()
    return {}
