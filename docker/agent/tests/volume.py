"""A volume of a node: its data, a recovered copy beside it, tablespaces of both. And programs that are killed on it."""

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple
from unittest import mock

from howdah.data import control, roots, swap, swap_check
from tests.support import TestCase

# What PostgreSQL calls its part of a tablespace.
VERSION = "PG_17_202406281"
VERBS: dict[str, Callable[[str], Any]] = {
    "swap": swap.swap,
    "swap-back": swap.swap_back,
    "swap-check": swap_check.swap_check,
    "swap-progress": swap.swap_progress,
}
# What changes something that another program sees.
CHANGES = ("rename", "symlink", "mkdir", "rmdir", "unlink")
# With what makes it lasting.
STEPS = (*CHANGES, "open", "fsync")


def run(verb: str, text: str) -> dict[str, Any]:
    answer: dict[str, Any] = VERBS[verb](text)
    return answer


class Tablespace(NamedTuple):
    """Where it is, and its OID in the data of the node and of the copy; None: it is not in that one."""

    location: str
    live: str | None
    copy: str | None
    # The link of the node's data leads to nothing.
    wiped: bool = False


IN_BOTH = Tablespace("ts/both", "101", "101")
MADE_AGAIN = Tablespace("ts/again", "202", "102")
IN_THE_COPY = Tablespace("ts/deep/copy", None, "103")
IN_THE_NODES = Tablespace("ts/node", "104", None)
ALL = (IN_BOTH, MADE_AGAIN, IN_THE_COPY, IN_THE_NODES)
WIPED = Tablespace("ts/wiped", "105", None, wiped=True)
WIPED_AND_IN_THE_COPY = Tablespace("ts/mixed", "106", "107", wiped=True)


class Killed(BaseException):
    """As with its container: nothing of it is told, and nothing is put right."""


@contextlib.contextmanager
def killed_after(steps: int, counting: Sequence[str]) -> Iterator[None]:
    """Lets so many of them happen, and none after them."""
    left = steps

    def counted(change: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: Any, **named: Any) -> Any:
            nonlocal left
            if left == 0:
                raise Killed
            left -= 1
            return change(*given, **named)

        return run

    with contextlib.ExitStack() as patches:
        # Only a machine that stops would miss it.
        patches.enter_context(mock.patch("os.fsync", lambda _: None))
        for name in counting:
            patches.enter_context(mock.patch.object(os, name, counted(getattr(os, name))))
        yield


class Volume:
    def __init__(self, root: str, tablespaces: list[Tablespace]) -> None:
        self.root = root
        for of, data in (("live", "live"), ("copy", "copy/data")):
            self.put(f"{data}/of", of)
            self.put(f"{data}/PG_VERSION", "17\n")
            os.mkdir(self.at(data, "pg_tblspc"))
        manifest = []
        for location, live, copy, wiped in tablespaces:
            if live:
                if not wiped:
                    self.put(f"{location}/{VERSION}/of", "live")
                os.symlink(self.at(location), self.at("live/pg_tblspc", live))
            if copy:
                place = f"copy/tablespaces/{copy}"
                self.put(f"{place}/{VERSION}/of", "copy")
                os.symlink(self.at(place), self.at("copy/data/pg_tblspc", copy))
                manifest.append({"oid": copy, "location": self.at(location), "place": self.at(place)})
        self.put("copy/tablespaces.json", json.dumps(manifest))

    def at(self, *parts: str) -> str:
        return os.path.normpath(os.path.join(self.root, *parts))

    def put(self, path: str, text: str) -> None:
        os.makedirs(os.path.dirname(self.at(path)), exist_ok=True)
        with open(self.at(path), "w", encoding="utf-8") as file:
            file.write(text)

    def run(self, verb: str) -> dict[str, Any]:
        return run(verb, json.dumps({name: self.at(name) for name in ("live", "copy", "previous")}))

    def is_killed(self, verb: str, steps: int, counting: Sequence[str] = STEPS) -> bool:
        """Whether it was, before it had ended by itself."""
        try:
            with killed_after(steps, counting):
                self.run(verb)
            return False
        except Killed:
            return True

    def tree(self) -> dict[str, str]:
        """Every file and every link, with what is in it; directories only where something is in them."""
        found = {}
        for top, folders, names in os.walk(self.root):
            for path in (os.path.join(top, name) for name in [*folders, *names]):
                name = os.path.relpath(path, self.root)
                if os.path.islink(path):
                    found[name] = f"-> {os.path.relpath(os.readlink(path), self.root)}"
                elif os.path.isfile(path):
                    with open(path, encoding="utf-8") as file:
                        found[name] = file.read()
        return found

    def held(self) -> list[str]:
        """All data there is, wherever it lies: what must never become less."""
        return sorted(text for name, text in self.tree().items() if os.path.basename(name) == "of")

    def lying(self) -> dict[str, list[str]]:
        """What lies in each place, and where its links lead: to whose files."""
        files = self.tree()
        found = {}
        for place, data in (("live", "live"), ("copy", "copy/data"), ("previous", "previous/data")):
            if f"{data}/of" in files:
                links = {name: to[3:] for name, to in files.items() if name.startswith(f"{data}/pg_tblspc/")}
                tablespaces = [
                    f"{os.path.basename(name)} in {to}: {files.get(f'{to}/{VERSION}/of')}" for name, to in links.items()
                ]
                found[place] = [files[f"{data}/of"], *sorted(tablespaces)]
        return found


class VolumeTestCase(TestCase):
    """With roots below its folder, and a PostgreSQL 17."""

    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(mock.patch.stopall)
        mock.patch.object(roots, "ROOTS", mock.Mock(fullmatch=lambda root: root.startswith(self.root))).start()
        mock.patch.object(control, "control_data", lambda _: {"Catalog version number": "202406281"}).start()
        self.volumes = 0

    def volume(self, *tablespaces: Tablespace) -> Volume:
        self.volumes += 1
        return Volume(self.path(f"volume-{self.volumes}"), list(tablespaces))
