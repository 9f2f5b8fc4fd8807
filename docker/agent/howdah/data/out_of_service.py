"""A data directory out of service, and its tablespaces beside it: put into service, and aside, by rename alone.

Whatever was cut short is completed, or taken back, by what is there: a tablespace's files are either at their location
in the cluster or at their place beside the data. Where they are at neither, there is nothing to move: its link stays as
it is, and the rest is not held up by it while the cluster is down.
"""

import functools
import json
import os
from typing import TypedDict

from howdah import files
from howdah.data import control
from howdah.data.roots import Root
from howdah.refusal import Refusal


class Tablespace(TypedDict):
    oid: str
    # Where its files are while the data is in service.
    location: str
    # And while it is not.
    place: str


class Data(Root):
    """A recovered copy, or what a cut-over put aside, and where it is while it is in service."""

    def __init__(self, root: str, live: str) -> None:
        super().__init__(root)
        self.live = live

    def listed(self) -> list[Tablespace]:
        known: list[Tablespace] = json.loads(files.read(self.manifest) or "[]")
        return known

    def refuse_unlisted(self) -> None:
        """A recovered copy is handed over with its list, empty or not: without one its tablespaces are not known."""
        if not os.path.exists(self.manifest):
            raise Refusal(f"there is no {self.manifest}: the copy was not handed over. Ask for the cut-over again")

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
        for directory in (self.root, self.tablespaces):
            os.makedirs(directory, mode=0o700, exist_ok=True)
        if not os.path.exists(self.manifest):
            # Without a link to nothing: files that the other data brings there later would be taken for its own.
            held = [tablespace for tablespace in self.in_service() if self.has(tablespace["location"])]
            files.write(self.manifest, json.dumps(held))
        if not os.path.isdir(self.directory):
            files.rename(self.live, self.directory)
        self.bring_to_places()

    # Files at the place tell where a tablespace is: what is at its location may be the other data's. One whose files
    # were moved and whose link was not is linked.

    def bring_to_locations(self) -> None:
        for tablespace in self.listed():
            if self.has(tablespace["place"]):
                self.move(tablespace, tablespace["place"], tablespace["location"])
            elif self.has(tablespace["location"]):
                self.relink(tablespace, tablespace["location"])

    def bring_to_places(self) -> None:
        for tablespace in self.listed():
            if self.has(tablespace["place"]):
                self.relink(tablespace, tablespace["place"])
            elif self.has(tablespace["location"]):
                self.move(tablespace, tablespace["location"], tablespace["place"])

    def in_service(self) -> list[Tablespace]:
        folder = os.path.join(self.live, "pg_tblspc")
        links = {oid: os.path.join(folder, oid) for oid in sorted(os.listdir(folder))}
        return [
            {"oid": oid, "location": os.readlink(link), "place": os.path.join(self.tablespaces, oid)}
            for oid, link in links.items()
            if os.path.islink(link)
        ]

    def has(self, place: str) -> bool:
        """Whether files of a tablespace are there."""
        return os.path.isdir(os.path.join(place, self.version_directory))

    def move(self, tablespace: Tablespace, source: str, target: str) -> None:
        if self.has(target):
            raise Refusal(f"tablespace {tablespace['oid']} cannot go to {target}: there are files of another one")
        name = self.version_directory
        os.makedirs(target, mode=0o700, exist_ok=True)
        files.rename(os.path.join(source, name), os.path.join(target, name))
        self.relink(tablespace, target)

    def relink(self, tablespace: Tablespace, target: str) -> None:
        files.relink(os.path.join(self.here(), "pg_tblspc", tablespace["oid"]), target)

    def forget(self) -> None:
        """Removes what was noted here, and nothing else: a directory with anything in it stays, and is an error."""
        for tablespace in self.listed():
            if os.path.isdir(tablespace["place"]):
                os.rmdir(tablespace["place"])
        # One that was being written is no manifest yet.
        for path in (self.manifest, f"{self.manifest}.new", self.tablespaces, self.root):
            if os.path.isdir(path):
                os.rmdir(path)
            elif os.path.lexists(path):
                os.unlink(path)
