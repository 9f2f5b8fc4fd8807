"""Where a copy stands, told from outside: the records of the archive around the position up to which it has replayed."""
import json
import os
import re
import shutil
import subprocess
import tempfile

from copies import Copy, control_data, fail, read
from feeding import SERVER

RECORD = re.compile(r"rmgr: (\S+)\s+len \(rec/tot\): .*?, tx:\s*(\d+), lsn: ([0-9A-F]+/[0-9A-F]+), prev ([0-9A-F]+/[0-9A-F]+), desc: (\S+) ?(.*)$")
TRANSACTION = re.compile(r"(?:(\d+): )?(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?) UTC")
# Where pg_waldump is told to look, whatever timeline a segment is of: it goes by the file's name.
LABEL = "00000001"
# How far is looked for the record before, and for the next end of a transaction.
BACK, AHEAD = 64, 256
FETCHED, MISSING = 0, 1


def number(lsn):
    high, low = lsn.split("/")
    return (int(high, 16) << 32) + int(low, 16)


def lsn_of(position):
    return f"{position >> 32:X}/{position & 0xFFFFFFFF:X}"


class Archive:
    def __init__(self, copy, server, timeline, folder):
        self.server, self.folder = server, folder
        self.size = int(control_data(copy.directory)["Bytes per WAL segment"])
        self.history = self.read_history(copy, timeline)

    def read_history(self, copy, timeline):
        """[(timeline, where it begins)], the newest first."""
        name = f"{timeline:08X}.history"
        text = read(copy.data(f"pg_wal/{name}"))
        if text is None and timeline > 1 and self.fetch(name, os.path.join(self.folder, name)) == FETCHED:
            text = read(os.path.join(self.folder, name))
        begins, found = 0, []
        for line in (text or "").splitlines():
            fields = line.split("\t")
            if len(fields) >= 2 and fields[0].isdigit():
                found.append((int(fields[0]), begins))
                begins = number(fields[1])
        return [(timeline, begins), *reversed(found)]

    def fetch(self, name, target):
        environment = {**os.environ, "HOWDAH_WAL_DEADLINE": "30"}
        return subprocess.run(["howdah-fetch-wal", "get-wal", self.server, name, target], env=environment,
                              stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False).returncode

    def has(self, segment):
        """Whether the archive has this segment, which then lies in the folder. The newest timeline's is what replay reads."""
        per_id = (1 << 32) // self.size
        place = f"{segment // per_id:08X}{segment % per_id:08X}"
        target = os.path.join(self.folder, f"{LABEL}{place}")
        if os.path.exists(target):
            return True
        for timeline, begins in self.history:
            if segment < begins // self.size:
                continue
            code = self.fetch(f"{timeline:08X}{place}", target)
            if code == FETCHED:
                return True
            if code != MISSING:
                fail(f"the archive does not tell whether it has {timeline:08X}{place}")
        return False

    def records(self, start, *options):
        """Records from this position on, as far as the segments in the folder go. It ends with an error where they do."""
        command = ["pg_waldump", "-p", self.folder, "-t", "1", "-s", lsn_of(start), *options]
        said = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, env={**os.environ, "LC_ALL": "C", "TZ": "UTC"})
        return [record for line in said.stdout.split("\n") if (record := parse(line))]


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
    """{"root", "server", "timeline", "lsn"}: the record that ends there, the next one, and the next that ends a transaction."""
    request = json.loads(text)
    if not SERVER.fullmatch(request["server"]):
        fail("this is no name of a Barman server")
    copy = Copy(request["root"])
    folder = tempfile.mkdtemp(prefix="proof-", dir=copy.wal)
    try:
        archive = Archive(copy, request["server"], int(request["timeline"]), folder)
        position = number(request["lsn"])
        following, transaction = look_ahead(archive, position)
        return {"last": look_back(archive, position), "next": following, "nextTransaction": transaction}
    finally:
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


def look_ahead(archive, position):
    following = None
    first = position // archive.size
    for segment in range(first, first + AHEAD):
        if not archive.has(segment):
            break
        # Its last record may end in the one behind it.
        archive.has(segment + 1)
        found = archive.records(position)
        following = following or (found[0] if found else None)
        transaction = next((record for record in found if ends_transaction(record)), None)
        if transaction:
            return following, transaction
    return following, None
