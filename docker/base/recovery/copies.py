"""A recovered copy and where it has its things.

Everything of it is in one directory, its root, on the volume of the node (or of Barman) that it is for:

  data/         the data directory
  tablespaces/  a directory for each tablespace, by its OID: see places.json
  run/          socket, pg_hba.conf, log, runs and notes, for nobody else to read
  wal/          what is fetched for it. Its sandbox can only read that
  places.json   where each tablespace is in the cluster, and where the copy has it: {"location": "place"}
  tablespaces.json   once it is out of service for good: [{"oid", "location", "place"}]

Its PostgreSQL runs in a container of its own, the sandbox, which has the root and nothing else of the volume, and no network.
What it needs from outside is handed to it: WAL by `feed`, connections of readers by `relay`, both in the node's own container.
"""
import json
import os
import pathlib
import re
import subprocess
import sys

ROOTS = re.compile(r"(/var/lib/barman/recoveries/[A-Za-z0-9_-]{1,60}|/var/lib/postgresql/\d+/[A-Za-z0-9_]+\.(recovery|previous)-[A-Za-z0-9_-]{1,60})")
ROLE = "rehearsal"
# Readers come through `relay`, whose own user is nobody that PostgreSQL knows: only a password lets them in.
OURS = "local all postgres peer map=howdah\nlocal replication postgres peer map=howdah\n"
READERS = f"local all {ROLE} pam pamservice=howdah-recovery\n"

# Our sessions are our own: whatever the recovered data sets for everybody, for a database or for a role does not apply to them.
# What a connection asks for itself comes before all of those.
PINNED = {
    "DateStyle": "ISO, YMD", "IntervalStyle": "postgres", "TimeZone": "UTC", "bytea_output": "hex", "extra_float_digits": "1",
    "statement_timeout": "0", "lock_timeout": "0", "transaction_timeout": "0", "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0", "default_transaction_read_only": "off", "default_transaction_isolation": "read committed",
    "search_path": "pg_catalog", "row_security": "off", "client_min_messages": "notice", "event_triggers": "off",
    "session_preload_libraries": "", "local_preload_libraries": "", "log_statement": "none", "standard_conforming_strings": "on",
    "client_encoding": "UTF8", "lc_messages": "C", "default_transaction_deferrable": "off", "synchronous_commit": "local",
}


def fail(message):
    sys.exit(f"howdah-recovery: {message}")


def options(**changes):
    """PGOPTIONS with which a session of ours begins."""
    chosen = {**PINNED, **changes}
    escaped = {name: value.replace("\\", "\\\\").replace(" ", "\\ ") for name, value in chosen.items()}
    return " ".join(f"-c {name}={value}" for name, value in escaped.items())


class Copy:
    def __init__(self, root):
        # Everything below is removed by name: a directory of Patroni's or of Barman's own is none of our business.
        if not ROOTS.fullmatch(root):
            fail(f"{root} is no place for a recovered copy")
        self.root = root
        self.directory = os.path.join(root, "data")
        self.private = os.path.join(root, "run")
        self.tablespaces = os.path.join(root, "tablespaces")
        self.wal = os.path.join(root, "wal")
        self.spool = os.path.join(self.wal, "spool")

    def path(self, name):
        return os.path.join(self.private, name)

    def data(self, name):
        return os.path.join(self.directory, name)

    def read(self, name):
        return read(self.path(name))

    def write(self, name, text, mode=0o600):
        write(self.path(name), text, mode)

    def places(self):
        """Where the cluster has a tablespace: where this copy has it."""
        known = read(os.path.join(self.root, "places.json"))
        if known is not None:
            return json.loads(known)
        # Data that a cut over has put aside.
        put_aside = json.loads(read(os.path.join(self.root, "tablespaces.json")) or "[]")
        return {tablespace["location"]: tablespace["place"] for tablespace in put_aside}

    def write_places(self, places):
        write(os.path.join(self.root, "places.json"), json.dumps(places, indent=1))

    def postmaster(self):
        """Its pid while it runs: postmaster.pid may name a process that is gone, or another one by now."""
        try:
            with open(self.data("postmaster.pid"), encoding="utf-8") as file:
                pid = int(file.readline())
            return pid if os.readlink(f"/proc/{pid}/cwd") == self.directory else None
        except (FileNotFoundError, ProcessLookupError, ValueError, PermissionError):
            return None

    def request(self):
        """What it was last asked to serve."""
        return json.loads(self.read("served"))

    def port(self):
        return int(self.request()["port"])

    def connection(self):
        """Arguments by which every program of PostgreSQL finds it, as its superuser."""
        return ["-w", "-h", self.private, "-p", str(self.port()), "-U", "postgres"]

    def psql(self, sql, database="postgres", arguments=(), pinned=None):
        command = ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", *self.connection(), *arguments]
        # As an argument a database may be a connection string, which names another user. From here it is a name.
        known = {**os.environ, "PGDATABASE": database, "PGOPTIONS": options(**(pinned or {}))}
        # Text that begins with a backslash would be a command to psql itself; behind a line's end it is SQL.
        return subprocess.run([*command, "-c", f"\n{sql}"], capture_output=True, text=True, check=False, env=known)

    def titles(self):
        """Process titles of its children."""
        parent, found = self.postmaster(), []
        for entry in pathlib.Path("/proc").iterdir():
            if parent and entry.name.isdigit():
                try:
                    stat = (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
                    if int(stat[1]) == parent:
                        found.append((entry / "cmdline").read_text(encoding="utf-8", errors="replace").strip("\0 "))
                except (FileNotFoundError, ProcessLookupError):
                    pass
        return found


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return None


def write(path, text, mode=0o600):
    """Whole or not at all."""
    temporary = f"{path}.new"
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.rename(temporary, path)


def number(lsn):
    high, low = lsn.split("/")
    return (int(high, 16) << 32) + int(low, 16)


def control_data(directory):
    """What pg_controldata says of a data directory, by its names."""
    said = subprocess.run(["pg_controldata", "-D", directory], capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"})
    # It ends well with a file whose checksum is wrong, and only warns of that.
    if said.returncode != 0 or said.stderr.strip():
        fail(f"pg_control of {directory} cannot be read: {said.stderr.strip() or said.returncode}")
    return dict((name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in said.stdout.splitlines()))
