"""Puts recovered data in the place of a node's, and back. In the node's container, with PostgreSQL stopped.

A data directory and its tablespaces change places by rename alone, each of them once. Whatever is cut short is gone on with, or back
from, by what is there: a tablespace's files are either at their location in the cluster or at their place beside the data.
"""
import functools
import json
import os
import re

from copies import Copy, control_data, fail, read, write
from ending import relink


class Data:
    """A data directory out of service, with its tablespaces beside it: a recovered copy, or what a cut over has put aside."""

    def __init__(self, root, live):
        self.copy = Copy(root)
        self.root, self.directory, self.live = root, self.copy.directory, live

    @property
    def manifest(self):
        return os.path.join(self.root, "tablespaces.json")

    def tablespaces(self):
        return json.loads(read(self.manifest) or "[]")

    def here(self):
        """Where its data directory is now."""
        return self.directory if os.path.isdir(self.directory) else self.live

    @functools.cached_property
    def version_directory(self):
        """What PostgreSQL calls its part of a tablespace. Asked once: the cluster waits while data changes places."""
        data = self.here()
        with open(os.path.join(data, "PG_VERSION"), encoding="utf-8") as file:
            return f"PG_{file.read().strip()}_{control_data(data)['Catalog version number']}"

    def put_into_service(self):
        """Its tablespaces, then its data. Already there is success."""
        self.bring_to_locations()
        if os.path.isdir(self.directory):
            rename(self.directory, self.live)

    def put_aside(self):
        """Its data, then its tablespaces. Already aside is success."""
        for directory in (self.root, self.copy.tablespaces):
            os.makedirs(directory, mode=0o700, exist_ok=True)
        if not os.path.exists(self.manifest):
            write(self.manifest, json.dumps(self.in_service()))
        if not os.path.isdir(self.directory):
            rename(self.live, self.directory)
        self.bring_to_places()

    # Files at the place tell where a tablespace is: what is at its location may be the other data's. One whose files were moved
    # and whose link was not is linked.

    def bring_to_locations(self):
        for tablespace in self.tablespaces():
            if self.has(tablespace["place"]):
                self.move(tablespace, tablespace["place"], tablespace["location"])
            else:
                self.relink(tablespace, tablespace["location"])

    def bring_to_places(self):
        for tablespace in self.tablespaces():
            if self.has(tablespace["place"]):
                self.relink(tablespace, tablespace["place"])
            else:
                self.move(tablespace, tablespace["location"], tablespace["place"])

    def in_service(self):
        folder = os.path.join(self.live, "pg_tblspc")
        links = {oid: os.path.join(folder, oid) for oid in sorted(os.listdir(folder))}
        return [{"oid": oid, "location": os.readlink(link), "place": os.path.join(self.copy.tablespaces, oid)}
                for oid, link in links.items() if os.path.islink(link)]

    def has(self, place):
        """Whether files of a tablespace are there."""
        return os.path.isdir(os.path.join(place, self.version_directory))

    def move(self, tablespace, source, target):
        if not self.has(source):
            fail(f"tablespace {tablespace['oid']} is not in {source}")
        if self.has(target):
            fail(f"tablespace {tablespace['oid']} cannot go to {target}: there are files of another one")
        name = self.version_directory
        os.makedirs(target, mode=0o700, exist_ok=True)
        rename(os.path.join(source, name), os.path.join(target, name))
        self.relink(tablespace, target)

    def relink(self, tablespace, target):
        if not self.has(target):
            fail(f"tablespace {tablespace['oid']} is not in {target}")
        relink(os.path.join(self.here(), "pg_tblspc", tablespace["oid"]), target)

    def forget(self):
        """Removes what was noted here, and nothing else: a directory with anything in it stays, and is told."""
        for tablespace in self.tablespaces():
            if os.path.isdir(tablespace["place"]):
                os.rmdir(tablespace["place"])
        # One that was being written is no manifest yet.
        for path in (self.manifest, f"{self.manifest}.new", self.copy.tablespaces, self.root):
            if os.path.isdir(path):
                os.rmdir(path)
            elif os.path.lexists(path):
                os.unlink(path)


def rename(source, target):
    os.rename(source, target)
    for directory in {os.path.dirname(source), os.path.dirname(target)}:
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def data_of(text):
    request = json.loads(text)
    live = request["live"]
    return Data(request["copy"], live), Data(request["previous"], live)


def swap_progress(text):
    """SWAPPED, HALF (the place is empty, or tablespaces are on their way), NOT_SWAPPED, NO_COPY; UNEXPECTED where no swap leads there."""
    copy, previous = data_of(text)
    there = tuple(os.path.isdir(path) for path in (copy.live, copy.directory, previous.directory))
    known = {(True, True, False): "NOT_SWAPPED", (True, False, False): "NO_COPY", (False, True, True): "HALF", (True, False, True): "SWAPPED"}
    if there not in known:
        words = [f"{path} is {'' if found else 'not '}there" for path, found in zip((copy.live, copy.directory, previous.directory), there)]
        return {"progress": "UNEXPECTED", "seen": ", ".join(words)}
    return {"progress": known[there]}


def refuse_unexpected(text):
    answer = swap_progress(text)
    if answer["progress"] == "UNEXPECTED":
        fail(f"no cut over leaves directories like these: {answer['seen']}")
    return answer["progress"]


def mount_of(path):
    """The mount that it lies in: nothing is renamed from one into another, be they of one device."""
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        points = [re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), line.split()[4]) for line in file]
    real = os.path.realpath(path)
    return max((point for point in points if os.path.commonpath([point, real]) == point), key=len)


def swap_check(text):
    """Before anything is stopped: that each tablespace can change places by rename."""
    copy, previous = data_of(text)
    volume = mount_of(copy.live)
    held = [tablespace["location"] for tablespace in previous.in_service()]
    if shared := {location for location in held if held.count(location) > 1}:
        fail(f"{copy.live}/pg_tblspc has two links to {', '.join(sorted(shared))}: remove that of the tablespace that is not in pg_tablespace")
    for tablespace in copy.tablespaces():
        location = tablespace["location"]
        parent = location
        while not os.path.isdir(parent):
            parent = os.path.dirname(parent)
        if mount_of(parent) != volume:
            fail(f"tablespace {tablespace['oid']} belongs in {location}, which is on another volume than {copy.live}")
        if not os.access(parent, os.W_OK | os.X_OK):
            fail(f"tablespace {tablespace['oid']} belongs in {location}, and {parent} may not be written to")
        if location not in held and os.path.isdir(os.path.join(location, copy.version_directory)):
            fail(f"tablespace {tablespace['oid']} belongs in {location}, where there are files of another one")
    for location in held:
        if mount_of(location) != volume:
            fail(f"{location} holds a tablespace, and is on another volume than {copy.live}")
    return {}


def swap(text):
    copy, previous = data_of(text)
    if refuse_unexpected(text) == "NO_COPY":
        fail(f"there is no {copy.directory}")
    previous.put_aside()
    copy.put_into_service()
    return {}


def swap_back(text):
    copy, previous = data_of(text)
    if refuse_unexpected(text) in ("NOT_SWAPPED", "NO_COPY"):
        previous.forget()
        return {}
    if os.path.isdir(copy.live):
        rename(copy.live, copy.directory)
    copy.bring_to_places()
    previous.bring_to_locations()
    rename(previous.directory, previous.live)
    previous.forget()
    return {}
