"""Whether recovered data and a node's can change places: found out before anything is stopped for it."""

import os
import re

from howdah.data.out_of_service import Data, Tablespace
from howdah.data.swap import both
from howdah.refusal import Refusal


def mount_of(path: str) -> str:
    """The mount that it lies in: nothing is renamed from one into another, even where both are of one device."""
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        points = [re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), line.split()[4]) for line in file]
    real = os.path.realpath(path)
    return max((point for point in points if os.path.commonpath([point, real]) == point), key=len)


def swap_check(text: str) -> dict[str, object]:
    """Before anything is stopped: that each tablespace can change places by rename."""
    copy, previous = both(text)
    copy.refuse_unlisted()
    # Read now: once the data has been moved, a pg_control that cannot be read would leave no way back.
    expected = {data.version_directory for data in (copy, previous)}
    if len(expected) > 1:
        raise Refusal(f"{copy.directory} and {copy.live} are of two versions: {' and '.join(sorted(expected))}")
    volume = mount_of(copy.live)
    held = [tablespace["location"] for tablespace in previous.in_service()]
    if shared := {location for location in held if held.count(location) > 1}:
        remedy = "remove that of the tablespace that is not in pg_tablespace"
        raise Refusal(f"{copy.live}/pg_tblspc has two links to {', '.join(sorted(shared))}: {remedy}")
    for tablespace in copy.listed():
        check_outside(tablespace["location"], copy, previous)
        check_location(copy, tablespace, volume, held)
        check_files(copy, tablespace, tablespace["place"])
    for tablespace in previous.in_service():
        location = tablespace["location"]
        check_outside(location, copy, previous)
        if mount_of(location) != volume:
            raise Refusal(f"{location} holds a tablespace, and is on another volume than {copy.live}")
        check_files(previous, tablespace, location)
    return {}


def check_files(data: Data, tablespace: Tablespace, where: str) -> None:
    """That the link leads to a tablespace: its volume may be missing, or replay has left the link of a dropped one."""
    if not data.has(where):
        link = os.path.join(data.here(), "pg_tblspc", tablespace["oid"])
        remedy = f"remove the link if pg_tablespace has no oid {tablespace['oid']}; otherwise bring the directory back"
        raise Refusal(f"{link} leads to {where}, where no {data.version_directory} is: {remedy}")


def check_outside(location: str, copy: Data, previous: Data) -> None:
    """That it does not move with the data: then it could be brought neither there nor back."""
    real = os.path.realpath(location)
    for directory in (copy.live, copy.root, previous.root):
        if os.path.commonpath([real, os.path.realpath(directory)]) == os.path.realpath(directory):
            raise Refusal(f"{location} holds a tablespace, and is inside of {directory}, which is moved")


def check_location(copy: Data, tablespace: Tablespace, volume: str, held: list[str]) -> None:
    """That a tablespace of the copy can be renamed to where it belongs."""
    oid, location = tablespace["oid"], tablespace["location"]
    parent = location
    while not os.path.isdir(parent):
        parent = os.path.dirname(parent)
    if mount_of(parent) != volume:
        raise Refusal(f"tablespace {oid} belongs in {location}, which is on another volume than {copy.live}")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise Refusal(f"tablespace {oid} belongs in {location}, and {parent} may not be written to")
    if location not in held and os.path.isdir(os.path.join(location, copy.version_directory)):
        raise Refusal(f"tablespace {oid} belongs in {location}, where there are files of another one")
