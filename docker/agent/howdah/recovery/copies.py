"""A recovered copy and where it has its things.

Everything of it is in one directory, its root, on the volume of the node (or of Barman) that it is for:

  data/         the data directory
  tablespaces/  a directory for each tablespace, by its OID: see places.json
  run/          socket, pg_hba.conf, log, runs and notes, which only its user reads
  wal/          what is fetched for it. Its sandbox can only read that
  places.json   where each tablespace is in the cluster, and where the copy has it: {"location": "place"}
  tablespaces.json   once it is out of service for good: [{"oid", "location", "place"}]

Its PostgreSQL runs in a container of its own, the sandbox, which has the root and nothing else of the volume, and no
network. What it needs from outside is handed to it: WAL by `feed`, connections of readers by `relay`, both in the
node's own container.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any, NoReturn

from howdah import files, processes, session_settings
from howdah.data.roots import Root

ROLE = "rehearsal"
# From the start of its program until PostgreSQL has written its lock file.
START_SECONDS = 60
# Readers come through `relay`, whose own user is unknown to PostgreSQL: only a password lets them in.
OURS = "local all postgres peer map=howdah\nlocal replication postgres peer map=howdah\n"
READERS = f"local all {ROLE} pam pamservice=howdah-recovery\n"


def fail(message: str) -> NoReturn:
    sys.exit(f"howdah-recovery: {message}")


class Copy(Root):
    def __init__(self, root: str) -> None:
        super().__init__(root)
        self.private = os.path.join(root, "run")
        self.wal = os.path.join(root, "wal")
        self.spool = os.path.join(self.wal, "spool")

    def path(self, name: str) -> str:
        return os.path.join(self.private, name)

    def data(self, name: str) -> str:
        return os.path.join(self.directory, name)

    def read(self, name: str) -> str | None:
        return files.read(self.path(name))

    def write(self, name: str, text: str, mode: int = 0o600) -> None:
        files.write(self.path(name), text, mode)

    def kept(self, name: str) -> Any:
        """What was written as JSON; None where there is nothing."""
        return json.loads(self.read(name) or "null")

    def places(self) -> dict[str, str]:
        """Where the cluster has a tablespace: where this copy has it."""
        known = files.read(os.path.join(self.root, "places.json"))
        if known is not None:
            return dict(json.loads(known))
        # Data that a cut-over has put aside.
        put_aside = json.loads(files.read(self.manifest) or "[]")
        return {tablespace["location"]: tablespace["place"] for tablespace in put_aside}

    def write_places(self, places: dict[str, str]) -> None:
        files.write(os.path.join(self.root, "places.json"), json.dumps(places, indent=1))

    def postmaster(self) -> int | None:
        """Its pid while it runs: postmaster.pid may name a process that is gone, or another one by now."""
        try:
            with open(self.data("postmaster.pid"), encoding="utf-8") as file:
                pid = int(file.readline())
            return pid if os.readlink(f"/proc/{pid}/cwd") == self.directory else None
        except (FileNotFoundError, ProcessLookupError, ValueError, PermissionError):
            return None

    def mark_start(self) -> None:
        """That this process becomes its PostgreSQL: until that has its lock file nothing else tells of it."""
        known = processes.process(os.getpid())
        self.write("starting", json.dumps([os.getpid(), known.start_ticks if known else None]))

    def is_starting(self) -> bool:
        if self.postmaster() is not None:
            return False
        pid, start_ticks = self.kept("starting") or (0, 0)
        known = processes.process(pid)
        return known is not None and known.is_alive and known.start_ticks == start_ticks

    def started_postmaster(self) -> int | None:
        """Its pid while it runs; of one that was started just now, once it has its lock file."""
        end = time.monotonic() + START_SECONDS
        while self.is_starting():
            if time.monotonic() > end:
                fail(f"its PostgreSQL has no lock file after {START_SECONDS} s")
            time.sleep(0.05)
        return self.postmaster()

    def request(self) -> dict[str, Any]:
        """What it was last asked to serve."""
        request: dict[str, Any] | None = self.kept("served")
        if request is None:
            fail(f"{self.root} was never served")
        return request

    def port(self) -> int:
        return int(self.request()["port"])

    def connection(self) -> list[str]:
        """Arguments by which every program of PostgreSQL finds it, as its superuser."""
        return ["-w", "-h", self.private, "-p", str(self.port()), "-U", "postgres"]

    def psql(
        self, sql: str, database: str = "postgres", arguments: Sequence[str] = ()
    ) -> subprocess.CompletedProcess[str]:
        command = ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", *self.connection(), *arguments]
        # As an argument a database may be a connection string, which names another user. From here it is a name.
        known = {**os.environ, "PGDATABASE": database, "PGOPTIONS": session_settings.superuser()}
        # Text that begins with a backslash would be a command to psql itself; after a line break it is SQL.
        return subprocess.run([*command, "-c", f"\n{sql}"], capture_output=True, text=True, check=False, env=known)

    def titles(self) -> list[str]:
        """Process titles of its children."""
        parent = self.postmaster()
        return [processes.title(pid) for pid in processes.children(parent)] if parent else []
