"""What several tests need: a folder, hand-made WAL segments, programs on the PATH, the directories of a Barman."""

import os
import shutil
import struct
import sys
import tempfile
import time
import unittest
from collections.abc import Callable
from typing import TypeVar
from unittest import mock

from howdah.barman import server
from howdah.wal import names
from howdah.wal.segment import HEADER, PAGE

AGENT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# The smallest segment that PostgreSQL can be built with.
SIZE = 1 << 20
MAGIC = 0xD116
Result = TypeVar("Result")
WALDUMP = r"""
import re, sys
options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
for record in RECORDS:
    known = re.search(r", lsn: 0/(\w+), ", record)
    if "-s" not in options or (known and int(known[1], 16) >= int(options["-s"].split("/")[1], 16)):
        print(record)
        if "-n" in options:
            break
"""


def segment(name: str, pages: int = SIZE // PAGE, fill: bytes = b"x") -> bytes:
    """A segment of which this many pages were written, each full, and the rest is zeros."""
    start = names.start_of(name, SIZE)
    written = [page(start + number * PAGE, fill, first=number == 0) for number in range(pages)]
    return b"".join(written).ljust(SIZE, b"\0")


def page(address: int, fill: bytes = b"x", first: bool = False) -> bytes:
    """A page as it begins in WAL, and then FILL to its end."""
    if first:
        head = HEADER.pack(MAGIC, 2, 1, address, 0, 42, SIZE)
    else:
        head = struct.pack("<HHIQIxxxx", MAGIC, 0, 1, address, 0)
    return head + fill * ((PAGE - len(head)) // len(fill))


def wait_for(what: str, seen: Callable[[], Result | None]) -> Result:
    """What it answers once that is something."""
    end = time.monotonic() + 20
    while not (found := seen()):
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come within 20 s; last seen: {found!r}")
        time.sleep(0.02)
    return found


class TestCase(unittest.TestCase):
    """Each test has a folder of its own, and may change the environment: both are as before when it ends."""

    def setUp(self) -> None:
        self.root = os.path.realpath(tempfile.mkdtemp(prefix="howdah-agent-"))
        self.addCleanup(shutil.rmtree, self.root)
        python = {"PYTHONPATH": AGENT, "PYTHONDONTWRITEBYTECODE": "1"}
        path = os.pathsep.join([self.path("bin"), os.path.join(AGENT, "bin"), os.environ["PATH"]])
        changed = mock.patch.dict(os.environ, {**python, "PATH": path})
        changed.start()
        self.addCleanup(changed.stop)

    def path(self, *parts: str) -> str:
        return os.path.join(self.root, *parts)

    def put(self, path: str, content: bytes | str) -> str:
        """Writes a file below the folder, and answers where it is."""
        target = self.path(path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        return target

    def read(self, path: str) -> bytes:
        with open(self.path(path), "rb") as file:
            return file.read()

    def install(self, name: str, script: str) -> None:
        """A program of this name, which is found before any other."""
        os.chmod(self.put(f"bin/{name}", script), 0o755)

    def install_waldump(self, *records: str) -> None:
        """A pg_waldump that prints these for every segment; with -s LSN -n 1 the first that begins there or later."""
        self.install("pg_waldump", f"#!{sys.executable} -S\nRECORDS = {records!r}\n{WALDUMP}")


class BarmanTestCase(TestCase):
    """With the directories of a Barman that has one server, patroni."""

    def setUp(self) -> None:
        super().setUp()
        configuration = [self.put("barman.conf", f"[barman]\nbarman_home = {self.path('home')}\n[patroni]\n")]
        changed = mock.patch.object(server, "CONFIGURATION", configuration)
        changed.start()
        self.addCleanup(changed.stop)
        self.server = server.Server("patroni")
        for folder in ("incoming", "streaming", "wals", "errors", "meta", "base"):
            os.makedirs(self.path("home/patroni", folder))

    def install_barmans(self, name: str, module: str) -> None:
        """A program of Barman's side, as its image has it, with this Barman."""
        self.install(
            name,
            f"#!{sys.executable}\n"
            "from howdah.barman import server\n"
            f"from {module} import main\n\n"
            f"server.CONFIGURATION = [{self.path('barman.conf')!r}]\n"
            "main()\n",
        )
