"""Where a copy stands, seen from outside: the archive's records around the position up to which it has replayed."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from typing import Any, NamedTuple, TypedDict

from howdah import files
from howdah.data.control import control_data
from howdah.recovery.copies import Copy, fail
from howdah.recovery.feeding import SERVER
from howdah.wal import archive_client, names
from howdah.wal.names import lsn_of, position_of

RECORD = re.compile(
    r"rmgr: (\S+)\s+len \(rec/tot\):\s*\d+/\s*\d+, tx:\s*(\d+)"
    r", lsn: ([0-9A-F]+/[0-9A-F]+), prev ([0-9A-F]+/[0-9A-F]+), desc: (\S+) ?(.*)$"
)
TRANSACTION = re.compile(r"(?:(\d+): )?(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?) UTC")
# Where pg_waldump looks, whatever timeline a segment is of: it goes by the file's name.
LABEL = "00000001"
# How far is looked for the record before, and for the next end of a transaction.
BACK, AHEAD = 64, 256


class Record(TypedDict):
    rmgr: str
    operation: str
    lsn: str
    previous: str
    xid: str
    # When a transaction ended.
    time: str | None
    # Of a restore point.
    name: str | None
    # Where the backup began that ends here.
    backupBegin: str | None


class Archive:
    def __init__(self, server: str, folder: str) -> None:
        self.connection, self.folder = archive_client.Archive(server), folder
        self.size = 0
        self.history: list[tuple[int, int, int | None]] = []
        # After it the segments in the folder go on with a history that was left.
        self.left_at: int | None = None

    def follow(self, copy: Copy, timeline: int) -> None:
        """Its history: [(timeline, where it begins, where the next one begins or None)], the newest first."""
        self.size = int(control_data(copy.directory)["Bytes per WAL segment"])
        name = f"{timeline:08X}.history"
        text = files.read(copy.data(f"pg_wal/{name}"))
        if text is None and timeline > 1 and self.fetch(name, os.path.join(self.folder, name)):
            text = files.read(os.path.join(self.folder, name))
        begins = 0
        found: list[tuple[int, int, int | None]] = []
        for line in (text or "").splitlines():
            fields = line.split("\t")
            if len(fields) >= 2 and fields[0].isdigit():
                ends = position_of(fields[1])
                found.append((int(fields[0]), begins, ends))
                begins = ends
        self.history = [(timeline, begins, None), *reversed(found)]

    def fetch(self, name: str, target: str) -> bool:
        """Whether the archive has it, which then lies there; what is not finished yet counts."""
        try:
            if self.connection.fetch(name, target):
                return True
            # It may have been finished between the two looks.
            return not names.is_history(name) and (
                self.connection.fetch_partial(name, target) or self.connection.fetch(name, target)
            )
        except archive_client.ArchiveError as error:
            fail(f"the archive does not tell whether it has {name}: {error}")

    def has(self, segment: int) -> bool:
        """Whether the archive has this segment, which then lies in the folder. Replay reads the newest's."""
        place = names.place_of(segment, self.size)
        target = os.path.join(self.folder, f"{LABEL}{place}")
        if os.path.exists(target):
            return True
        for timeline, begins, ends in self.history:
            if segment < begins // self.size or (ends is not None and segment > ends // self.size):
                continue
            if self.fetch(f"{timeline:08X}{place}", target):
                if ends is not None and segment == ends // self.size:
                    self.left_at = ends
                return True
        return False

    def drop(self, segment: int) -> None:
        """Out of the folder, which is on the cluster's own disk."""
        files.unlink(os.path.join(self.folder, f"{LABEL}{names.place_of(segment, self.size)}"))

    def records(self, start: int, *options: str) -> Iterator[Record]:
        """Records from this position on, as far as the segments in the folder go, where pg_waldump ends in an error.

        A segment holds a hundred thousand of them: it is read for as long as its caller takes some.

        The first is PostgreSQL's own. Any other line may be a part of what a user has named something, which pg_waldump
        prints with its line breaks: `is_own` tells.
        """
        command = ["pg_waldump", "-p", self.folder, "-t", "1", "-s", lsn_of(start), *options]
        if self.left_at is not None:
            command += ["-e", lsn_of(self.left_at)]
        known = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors="replace", env=known
        ) as process:
            try:
                for line in process.stdout or ():
                    if not (record := parse(line.removesuffix("\n"))):
                        continue
                    if self.left_at is None or position_of(record["lsn"]) < self.left_at:
                        yield record
            finally:
                process.kill()

    def record_at(self, position: int) -> Record | None:
        """The one that begins there, in PostgreSQL's own words."""
        record = next(self.records(position, "-n", "1"), None)
        return record if record and position_of(record["lsn"]) == position else None

    def is_own(self, record: Record) -> bool:
        return self.record_at(position_of(record["lsn"])) == record


def parse(line: str) -> Record | None:
    found = RECORD.match(line)
    if not found:
        return None
    rmgr, xid, lsn, previous, operation, rest = found.groups()
    record: Record = {
        "rmgr": rmgr,
        "operation": operation,
        "lsn": lsn,
        "previous": previous,
        "xid": xid,
        "time": None,
        "name": None,
        "backupBegin": None,
    }
    if rmgr == "Transaction" and re.fullmatch(r"(COMMIT|ABORT)(_PREPARED)?", operation):
        told = TRANSACTION.match(rest)
        if told:
            record["time"] = f"{told[2]}T{told[3]}Z"
            record["xid"] = told[1] or xid
    elif operation == "RESTORE_POINT":
        record["name"] = rest
    elif operation == "BACKUP_END":
        record["backupBegin"] = rest
    return record


def ends_transaction(record: Record) -> bool:
    return record["time"] is not None


class Ahead(NamedTuple):
    following: Record | None
    # The next that ends a transaction, where it is asked for.
    transaction: Record | None
    # Up to where that was looked for without coming to the archive's end.
    gave_up_at: str | None = None


def prove(text: str) -> dict[str, object]:
    """{"root", "server", "timeline", "lsn", "untilTransaction"}: the record that ends there, and the next one.

    Where it is asked for, also the next that ends a transaction, which may be gigabytes further on: so many that the
    search is given up before the archive ends.
    """
    request: dict[str, Any] = json.loads(text)
    if not SERVER.fullmatch(request["server"]):
        fail("this is no name of a Barman server")
    copy = Copy(request["root"])
    folder = tempfile.mkdtemp(prefix="proof-", dir=copy.wal)
    archive = Archive(request["server"], folder)
    try:
        archive.follow(copy, int(request["timeline"]))
        position = position_of(request["lsn"])
        ahead = look_ahead(archive, position, request["untilTransaction"])
        return {
            "last": look_back(archive, position),
            "next": ahead.following,
            "nextTransaction": ahead.transaction,
            "gaveUpAt": ahead.gave_up_at,
        }
    finally:
        archive.connection.close()
        shutil.rmtree(folder, ignore_errors=True)


def look_back(archive: Archive, position: int) -> Record | None:
    """The last record that begins before; a large one began some segments earlier."""
    newest = (position - 1) // archive.size
    for segment in range(newest, max(-1, newest - BACK), -1):
        if not archive.has(segment):
            return None
        before: set[int] = set()
        for record in archive.records(segment * archive.size):
            if position_of(record["lsn"]) < position:
                before.add(position_of(record["lsn"]))
            elif archive.is_own(record):
                break
        found = map(archive.record_at, sorted(before, reverse=True))
        if last := next(filter(None, found), None):
            return last
    return None


def look_ahead(archive: Archive, position: int, until_transaction: bool) -> Ahead:
    following: Record | None = None
    first = position // archive.size
    for segment in range(first, first + AHEAD):
        if not archive.has(segment):
            return Ahead(following, None)
        # Its last record may end in the one after it.
        archive.has(segment + 1)
        start = max(position, segment * archive.size)
        following = following or next(archive.records(start, "-n", "1"), None)
        if following and not until_transaction:
            return Ahead(following, None)
        ends = filter(ends_transaction, archive.records(start, "-r", "Transaction"))
        if transaction := next(filter(archive.is_own, ends), None):
            return Ahead(following, transaction)
        archive.drop(segment)
    goes_on = archive.has(first + AHEAD)
    return Ahead(following, None, lsn_of((first + AHEAD) * archive.size) if goes_on else None)
