"""Where a copy stands, told from outside: the records of the archive around the position up to which it has replayed."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, "/usr/local/lib/howdah/wal")
import archive as barman  # noqa: E402

from copies import Copy, control_data, fail, number, read  # noqa: E402
from feeding import SERVER  # noqa: E402

RECORD = re.compile(r"rmgr: (\S+)\s+len \(rec/tot\): .*?, tx:\s*(\d+), lsn: ([0-9A-F]+/[0-9A-F]+), prev ([0-9A-F]+/[0-9A-F]+), desc: (\S+) ?(.*)$")
TRANSACTION = re.compile(r"(?:(\d+): )?(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?) UTC")
# Where pg_waldump is told to look, whatever timeline a segment is of: it goes by the file's name.
LABEL = "00000001"
# How far is looked for the record before, and for the next end of a transaction.
BACK, AHEAD = 64, 256


def lsn_of(position):
    return f"{position >> 32:X}/{position & 0xFFFFFFFF:X}"


class Archive:
    def __init__(self, server, folder):
        self.connection, self.folder = barman.Archive(server), folder
        self.size, self.history = None, []
        # Behind it the segments in the folder go on with a history that was left.
        self.left_at = None

    def follow(self, copy, timeline):
        """Its history: [(timeline, where it begins, where the next one begins or None)], the newest first."""
        self.size = int(control_data(copy.directory)["Bytes per WAL segment"])
        name = f"{timeline:08X}.history"
        text = read(copy.data(f"pg_wal/{name}"))
        if text is None and timeline > 1 and self.fetch(name, os.path.join(self.folder, name)):
            text = read(os.path.join(self.folder, name))
        begins, found = 0, []
        for line in (text or "").splitlines():
            fields = line.split("\t")
            if len(fields) >= 2 and fields[0].isdigit():
                ends = number(fields[1])
                found.append((int(fields[0]), begins, ends))
                begins = ends
        self.history = [(timeline, begins, None), *reversed(found)]

    def fetch(self, name, target):
        """Whether the archive has it, which then lies there; what is not finished yet counts."""
        try:
            if self.connection.fetch(name, target):
                return True
            # It may have been finished between the two looks.
            return len(name) == 24 and (self.connection.fetch_partial(name, target) or self.connection.fetch(name, target))
        except barman.ArchiveError as error:
            fail(f"the archive does not tell whether it has {name}: {error}")

    def has(self, segment):
        """Whether the archive has this segment, which then lies in the folder. The newest timeline's is what replay reads."""
        per_id = (1 << 32) // self.size
        place = f"{segment // per_id:08X}{segment % per_id:08X}"
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

    def records(self, start):
        """Records from this position on, as far as the segments in the folder go. It ends with an error where they do."""
        command = ["pg_waldump", "-p", self.folder, "-t", "1", "-s", lsn_of(start)]
        said = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, env={**os.environ, "LC_ALL": "C", "TZ": "UTC"})
        found = [record for line in said.stdout.split("\n") if (record := parse(line))]
        return [record for record in found if self.left_at is None or number(record["lsn"]) < self.left_at]


def parse(line):
    found = RECORD.match(line)
    if not found:
        return None
    rmgr, xid, lsn, previous, operation, rest = found.groups()
    record = {"rmgr": rmgr, "operation": operation, "lsn": lsn, "previous": previous, "xid": xid, "time": None, "name": None, "backupBegin": None}
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


def ends_transaction(record):
    return record["time"] is not None


def prove(text):
    """{"root", "server", "timeline", "lsn", "untilTransaction"}: the record that ends there, the next one, and, where it is asked for,
    the next that ends a transaction, which may be gigabytes further on."""
    request = json.loads(text)
    if not SERVER.fullmatch(request["server"]):
        fail("this is no name of a Barman server")
    copy = Copy(request["root"])
    folder = tempfile.mkdtemp(prefix="proof-", dir=copy.wal)
    archive = Archive(request["server"], folder)
    try:
        archive.follow(copy, int(request["timeline"]))
        position = number(request["lsn"])
        following, transaction = look_ahead(archive, position, request["untilTransaction"])
        return {"last": look_back(archive, position), "next": following, "nextTransaction": transaction}
    finally:
        archive.connection.close()
        shutil.rmtree(folder, ignore_errors=True)


def look_back(archive, position):
    """The last record that begins before; a large one began some segments earlier."""
    newest = (position - 1) // archive.size
    for segment in range(newest, max(-1, newest - BACK), -1):
        if not archive.has(segment):
            return None
        before = [record for record in archive.records(segment * archive.size) if number(record["lsn"]) < position]
        if before:
            return before[-1]
    return None


def look_ahead(archive, position, until_transaction):
    following = None
    first = position // archive.size
    for segment in range(first, first + AHEAD):
        if not archive.has(segment):
            break
        # Its last record may end in the one behind it.
        archive.has(segment + 1)
        found = archive.records(max(position, segment * archive.size))
        following = following or (found[0] if found else None)
        transaction = next((record for record in found if ends_transaction(record)), None)
        if transaction or (following and not until_transaction):
            return following, transaction
    return following, None
