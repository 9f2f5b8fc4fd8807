"""Puts recovered data in the place of a node's, and back. In the node's container, with PostgreSQL stopped.

A data directory and its tablespaces change places by rename alone, each of them once. Whatever was cut short is
completed, or undone, by what is there: a tablespace's files are either at their location in the cluster or at their
place beside the data.
"""

import functools
import json
import os
import re
from typing import TypedDict

from howdah import files
from howdah.data import control
from howdah.recovery.copies import Copy, fail


class Tablespace(TypedDict):
    oid: str
    # Where its files are while the data is in service.
    location: str
    # And while it is not.
    place: str


class Data:
    """A data directory out of service, its tablespaces beside it: a recovered copy, or what a cut-over put aside."""

    def __init__(self, root: str, live: str) -> None:
        self.copy = Copy(root)
        self.root, self.directory, self.live = root, self.copy.directory, live

    @property
    def manifest(self) -> str:
        return os.path.join(self.root, "tablespaces.json")

    def tablespaces(self) -> list[Tablespace]:
        known: list[Tablespace] = json.loads(files.read(self.manifest) or "[]")
        return known

    def here(self) -> str:
        """Where its data directory is now."""
        return self.directory if os.path.isdir(self.directory) else self.live

    @functools.cached_property
    def version_directory(self) -> str:
        """What PostgreSQL calls its part of a tablespace. Asked once: the cluster waits while data changes places."""
        data = self.here()
        with open(os.path.join(data, "PG_VERSION"), encoding="utf-8") as file:
            return f"PG_{file.read().strip()}_{control.control_data(data)['Catalog version number']}"

    def put_into_service(self) -> None:
        """Its tablespaces, then its data. Already there is success."""
        self.bring_to_locations()
        if os.path.isdir(self.directory):
            files.rename(self.directory, self.live)

    def put_aside(self) -> None:
        """Its data, then its tablespaces. Already aside is success."""
        for directory in (self.root, self.copy.tablespaces):
            os.makedirs(directory, mode=0o700, exist_ok=True)
        if not os.path.exists(self.manifest):
            files.write(self.manifest, json.dumps(self.in_service()))
        if not os.path.isdir(self.directory):
            files.rename(self.live, self.directory)
        self.bring_to_places()

    # Files at the place tell where a tablespace is: what is at its location may be the other data's. One whose files
    # were moved and whose link was not is linked.

    def bring_to_locations(self) -> None:
        for tablespace in self.tablespaces():
            if self.has(tablespace["place"]):
                self.move(tablespace, tablespace["place"], tablespace["location"])
            else:
                self.relink(tablespace, tablespace["location"])

    def bring_to_places(self) -> None:
        for tablespace in self.tablespaces():
            if self.has(tablespace["place"]):
                self.relink(tablespace, tablespace["place"])
            else:
                self.move(tablespace, tablespace["location"], tablespace["place"])

    def in_service(self) -> list[Tablespace]:
        folder = os.path.join(self.live, "pg_tblspc")
        links = {oid: os.path.join(folder, oid) for oid in sorted(os.listdir(folder))}
        return [
            {"oid": oid, "location": os.readlink(link), "place": os.path.join(self.copy.tablespaces, oid)}
            for oid, link in links.items()
            if os.path.islink(link)
        ]

    def has(self, place: str) -> bool:
        """Whether files of a tablespace are there."""
        return os.path.isdir(os.path.join(place, self.version_directory))

    def move(self, tablespace: Tablespace, source: str, target: str) -> None:
        if not self.has(source):
            fail(f"tablespace {tablespace['oid']} is not in {source}")
        if self.has(target):
            fail(f"tablespace {tablespace['oid']} cannot go to {target}: there are files of another one")
        name = self.version_directory
        os.makedirs(target, mode=0o700, exist_ok=True)
        files.rename(os.path.join(source, name), os.path.join(target, name))
        self.relink(tablespace, target)

    def relink(self, tablespace: Tablespace, target: str) -> None:
        if not self.has(target):
            fail(f"tablespace {tablespace['oid']} is not in {target}")
        files.relink(os.path.join(self.here(), "pg_tblspc", tablespace["oid"]), target)

    def forget(self) -> None:
        """Removes what was noted here, and nothing else: a directory with anything in it stays, and is an error."""
        for tablespace in self.tablespaces():
            if os.path.isdir(tablespace["place"]):
                os.rmdir(tablespace["place"])
        # One that was being written is no manifest yet.
        for path in (self.manifest, f"{self.manifest}.new", self.copy.tablespaces, self.root):
            if os.path.isdir(path):
                os.rmdir(path)
            elif os.path.lexists(path):
                os.unlink(path)


def data_of(text: str) -> tuple[Data, Data]:
    """The copy, and what was or will be put aside for it."""
    request = json.loads(text)
    live = request["live"]
    return Data(request["copy"], live), Data(request["previous"], live)


# By what is there: the live data, the copy's, the previous data.
PROGRESS = {
    (True, True, False): "NOT_SWAPPED",
    (True, False, False): "NO_COPY",
    (False, True, True): "HALF",
    (True, False, True): "SWAPPED",
}


def swap_progress(text: str) -> dict[str, str]:
    """SWAPPED, HALF (the place is empty, or tablespaces are on their way), NOT_SWAPPED, NO_COPY.

    UNEXPECTED where no swap leads there.
    """
    copy, previous = data_of(text)
    paths = (copy.live, copy.directory, previous.directory)
    live, recovered, aside = (os.path.isdir(path) for path in paths)
    progress = PROGRESS.get((live, recovered, aside))
    if progress is None:
        seen = zip(paths, (live, recovered, aside))
        words = [f"{path} is {'' if found else 'not '}there" for path, found in seen]
        return {"progress": "UNEXPECTED", "seen": ", ".join(words)}
    return {"progress": progress}


def refuse_unexpected(text: str) -> str:
    answer = swap_progress(text)
    if answer["progress"] == "UNEXPECTED":
        fail(f"no cut-over leaves directories like these: {answer['seen']}")
    return answer["progress"]


def mount_of(path: str) -> str:
    """The mount that it lies in: nothing is renamed from one into another, even where both are of one device."""
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        points = [re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), line.split()[4]) for line in file]
    real = os.path.realpath(path)
    return max((point for point in points if os.path.commonpath([point, real]) == point), key=len)


def swap_check(text: str) -> dict[str, object]:
    """Before anything is stopped: that each tablespace can change places by rename."""
    copy, previous = data_of(text)
    volume = mount_of(copy.live)
    held = [tablespace["location"] for tablespace in previous.in_service()]
    if shared := {location for location in held if held.count(location) > 1}:
        remedy = "remove that of the tablespace that is not in pg_tablespace"
        fail(f"{copy.live}/pg_tblspc has two links to {', '.join(sorted(shared))}: {remedy}")
    for tablespace in copy.tablespaces():
        check_location(copy, tablespace, volume, held)
    for location in held:
        if mount_of(location) != volume:
            fail(f"{location} holds a tablespace, and is on another volume than {copy.live}")
    return {}


def check_location(copy: Data, tablespace: Tablespace, volume: str, held: list[str]) -> None:
    """That a tablespace of the copy can be renamed to where it belongs."""
    oid, location = tablespace["oid"], tablespace["location"]
    parent = location
    while not os.path.isdir(parent):
        parent = os.path.dirname(parent)
    if mount_of(parent) != volume:
        fail(f"tablespace {oid} belongs in {location}, which is on another volume than {copy.live}")
    if not os.access(parent, os.W_OK | os.X_OK):
        fail(f"tablespace {oid} belongs in {location}, and {parent} may not be written to")
    if location not in held and os.path.isdir(os.path.join(location, copy.version_directory)):
        fail(f"tablespace {oid} belongs in {location}, where there are files of another one")


def swap(text: str) -> dict[str, object]:
    copy, previous = data_of(text)
    if refuse_unexpected(text) == "NO_COPY":
        fail(f"there is no {copy.directory}")
    previous.put_aside()
    copy.put_into_service()
    return {}


def swap_back(text: str) -> dict[str, object]:
    copy, previous = data_of(text)
    if refuse_unexpected(text) in ("NOT_SWAPPED", "NO_COPY"):
        previous.forget()
        return {}
    if os.path.isdir(copy.live):
        files.rename(copy.live, copy.directory)
    copy.bring_to_places()
    previous.bring_to_locations()
    files.rename(previous.directory, previous.live)
    previous.forget()
    return {}
