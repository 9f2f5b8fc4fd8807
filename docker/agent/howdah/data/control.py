"""pg_control, as pg_controldata prints it."""

import os
import re
import subprocess

from howdah.refusal import Refusal, exit_code_of

# It ends well with a file whose checksum is wrong, and only warns of that.
DAMAGED = re.compile(r"^pg_controldata: warning: calculated CRC checksum does not match", re.MULTILINE)
STATE = "Database cluster state"
ANSWERED = {
    "systemIdentifier": "Database system identifier",
    "state": STATE,
    "checkpointLsn": "Latest checkpoint location",
    "timeline": "Latest checkpoint's TimeLineID",
}


def read(directory: str) -> tuple[dict[str, str], str]:
    """What it says of a data directory, by its own names; and what it warns of."""
    environment = {**os.environ, "LC_ALL": "C"}
    command = ["pg_controldata", "-D", directory]
    said = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, env=environment)
    if said.returncode != 0:
        why = said.stderr.strip() or said.returncode
        raise Refusal(f"pg_control of {directory} cannot be read: {why}", exit_code_of(said.returncode))
    lines = (line.partition(":") for line in said.stdout.splitlines())
    return {name.strip(): value.strip() for name, _, value in lines}, said.stderr.strip()


def control_data(directory: str) -> dict[str, str]:
    """The same of a pg_control that is beyond doubt."""
    values, warnings = read(directory)
    if warnings:
        raise Refusal(f"pg_control of {directory} cannot be read: {warnings}")
    return values


def state(directory: str) -> str | None:
    """In PostgreSQL's words; None where it cannot be read."""
    try:
        return read(directory)[0].get(STATE)
    except Refusal:
        return None


def control(directory: str) -> dict[str, object]:
    """WHOLE; DAMAGED, so that nothing in it can be relied on; PARTIAL, without something that is asked for."""
    values, warnings = read(directory)
    if DAMAGED.search(warnings):
        return {"read": "DAMAGED"}
    for name in ANSWERED.values():
        if not values.get(name):
            return {"read": "PARTIAL", "missing": name}
    answer = {field: values[name] for field, name in ANSWERED.items()}
    return {"read": "WHOLE", **answer, "timeline": int(answer["timeline"])}
