import json
import os
import shutil
import subprocess
import time
from unittest import mock

from howdah import processes
from howdah.refusal import Refusal
from tests.support import wait_for
from tests.volume import (
    ALL,
    IN_BOTH,
    IN_THE_COPY,
    IN_THE_NODES,
    MADE_AGAIN,
    VERSION,
    WIPED,
    Tablespace,
    Volume,
    VolumeTestCase,
    run,
)

# What has which tablespaces; where they are then, of the data in service and of the data put aside.
SWAPS: list[tuple[str, list[Tablespace], list[str], list[str]]] = [
    ("none", [], ["copy"], ["live"]),
    (
        "one in both",
        [IN_BOTH],
        ["copy", "101 in ts/both: copy"],
        ["live", "101 in previous/tablespaces/101: live"],
    ),
    (
        "one that was dropped and made again",
        [MADE_AGAIN],
        ["copy", "102 in ts/again: copy"],
        ["live", "202 in previous/tablespaces/202: live"],
    ),
    ("one in the copy alone", [IN_THE_COPY], ["copy", "103 in ts/deep/copy: copy"], ["live"]),
    ("one in the node's data alone", [IN_THE_NODES], ["copy"], ["live", "104 in previous/tablespaces/104: live"]),
]


class SwapTest(VolumeTestCase):
    def test_data_and_tablespaces_change_places_and_go_back_however_often_that_is_asked(self) -> None:
        for what, tablespaces, live, previous in SWAPS:
            with self.subTest(what):
                volume = self.volume(*tablespaces)
                before = volume.tree()
                self.assertEqual(volume.run("swap-progress"), {"progress": "NOT_SWAPPED"})
                self.assertEqual(volume.run("swap-check"), {})
                for _ in range(2):
                    self.assertEqual(volume.run("swap"), {})
                    self.assertEqual(volume.lying(), {"live": live, "previous": previous})
                    self.assertEqual(volume.run("swap-progress"), {"progress": "SWAPPED"})
                for _ in range(2):
                    self.assertEqual(volume.run("swap-back"), {})
                    self.assert_as_before(volume, before)

    def assert_as_before(self, volume: Volume, before: dict[str, str]) -> None:
        self.assertEqual(volume.tree(), before)
        self.assertFalse(os.path.lexists(volume.at("previous")))

    def test_files_of_others_in_a_location_stay_where_they_are(self) -> None:
        volume = self.volume(IN_BOTH, IN_THE_COPY)
        others = {"ts/both/lost+found/x": "foreign", "ts/deep/copy/PG_16_202307071/x": "of an older PostgreSQL"}
        for path, text in others.items():
            volume.put(path, text)
        before = volume.tree()
        volume.run("swap-check")
        volume.run("swap")
        self.assertEqual({path: volume.tree().get(path) for path in others}, others)
        volume.run("swap-back")
        self.assert_as_before(volume, before)


class UnexpectedTest(VolumeTestCase):
    def refused(self, volume: Volume, verb: str, why: str) -> None:
        with self.assertRaisesRegex(Refusal, why):
            volume.run(verb)

    def test_directories_that_no_swap_leaves_are_told_and_nothing_is_moved(self) -> None:
        for what in ("all three", "none"):
            with self.subTest(what):
                volume = self.volume()
                if what == "none":
                    shutil.rmtree(volume.at("live"))
                    shutil.rmtree(volume.at("copy"))
                else:
                    volume.put("previous/data/of", "x")
                before = volume.tree()
                answer = volume.run("swap-progress")
                self.assertEqual(answer["progress"], "UNEXPECTED")
                self.assertIn("there", answer["seen"])
                for verb in ("swap", "swap-back"):
                    self.refused(volume, verb, "no cut-over leaves directories like these")
                self.assertEqual(volume.tree(), before)

    def test_a_copy_without_its_list_is_not_one_without_tablespaces(self) -> None:
        volume = self.volume(IN_BOTH)
        os.unlink(volume.at("copy/tablespaces.json"))
        before = volume.tree()
        for verb in ("swap-check", "swap"):
            self.refused(volume, verb, "there is no .*copy/tablespaces.json: the copy was not handed over")
            self.assertEqual(volume.tree(), before)

    def test_the_way_back_needs_no_list_where_there_are_no_tablespaces(self) -> None:
        volume = self.volume(IN_THE_NODES)
        before = volume.tree()
        volume.run("swap")
        os.unlink(volume.at("copy/tablespaces.json"))
        volume.run("swap-back")
        del before["copy/tablespaces.json"]
        self.assertEqual(volume.tree(), before)

    def test_a_tablespace_that_is_gone_holds_up_no_way_back(self) -> None:
        for gone in (f"previous/tablespaces/101/{VERSION}", f"{IN_BOTH.location}/{VERSION}"):
            with self.subTest(gone):
                volume = self.volume(IN_BOTH, IN_THE_NODES)
                volume.run("swap")
                shutil.rmtree(volume.at(gone))
                volume.run("swap-back")
                self.assertEqual(volume.run("swap-progress"), {"progress": "NOT_SWAPPED"})
                self.assertIn("104 in ts/node: live", volume.lying()["live"])

    def test_what_a_swap_has_noted_and_did_not_find_is_taken_back(self) -> None:
        volume = self.volume(WIPED, IN_BOTH)
        before = volume.tree()
        aside = [("105", WIPED.location), ("101", IN_BOTH.location)]
        noted = [
            {"oid": oid, "location": volume.at(where), "place": volume.at("previous/tablespaces", oid)}
            for oid, where in aside
        ]
        volume.put("previous/tablespaces.json", json.dumps(noted))
        os.rename(volume.at("live"), volume.at("previous/data"))
        os.mkdir(volume.at("previous/tablespaces"))
        volume.run("swap-back")
        self.assertEqual(volume.tree(), before)

    def test_no_copy_is_nothing_to_swap_and_nothing_to_bring_back(self) -> None:
        volume = self.volume()
        shutil.rmtree(volume.at("copy"))
        self.assertEqual(volume.run("swap-progress"), {"progress": "NO_COPY"})
        self.refused(volume, "swap", "there is no .*copy/data")
        self.assertEqual(volume.run("swap-back"), {})

    def test_what_is_asked_has_three_places_and_nothing_else(self) -> None:
        for text in ("", "{}", "[]", '{"live": "/a", "copy": "/b", "previous": 1}'):
            with self.assertRaisesRegex(Refusal, '"live": str, "copy": str, "previous": str'):
                run("swap", text)

    def test_only_roots_are_moved(self) -> None:
        with self.assertRaisesRegex(Refusal, "/etc is no place for a recovered copy"):
            run("swap", '{"live": "/a", "copy": "/etc", "previous": "/b"}')


class TwiceTest(VolumeTestCase):
    """Docker does not end a call whose caller has lost it, and the caller asks again."""

    def test_one_that_is_asked_while_another_is_at_it_waits_and_finds_the_work_done(self) -> None:
        for verb, progress in (("swap", "SWAPPED"), ("swap-back", "NOT_SWAPPED")):
            with self.subTest(verb):
                volume = self.volume(*ALL)
                if verb == "swap-back":
                    volume.run("swap")
                self.twice(volume, verb)
                self.assertEqual(volume.run("swap-progress"), {"progress": progress})

    def twice(self, volume: Volume, verb: str) -> None:
        """Two processes at once; the first is slow in each step that makes something lasting."""
        first = os.fork()
        if first == 0:
            os._exit(self.exit_code_of(volume, verb, slow=True))
        second = os.fork()
        if second == 0:
            os._exit(self.exit_code_of(volume, verb, slow=False))
        codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in (first, second)]
        self.assertEqual(codes, [0, 0])

    def exit_code_of(self, volume: Volume, verb: str, slow: bool) -> int:
        try:
            with mock.patch("os.fsync", lambda _: time.sleep(0.02 if slow else 0)):
                volume.run(verb)
            return 0
        except BaseException:  # A child of the tests ends here, however it ends.
            return 1


SERVED = (("swap", "live"), ("swap", "copy/data"), ("swap-back", "live"), ("swap-back", "previous/data"))


class RunningTest(VolumeTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.program = self.put("bin/postgres", "")
        shutil.copy("/bin/sleep", self.program)

    def start_postgres(self, directory: str) -> "subprocess.Popen[bytes]":
        """Of that name, and at work there: that is what makes it one."""
        started = subprocess.Popen([self.program, "61"], cwd=directory)
        self.addCleanup(started.wait)
        self.addCleanup(started.kill)
        wait_for("its name", lambda: processes.name(started.pid) == "postgres")
        return started

    def test_data_that_a_server_writes_is_not_moved(self) -> None:
        for verb, place in SERVED:
            with self.subTest((verb, place)):
                volume = self.volume(*ALL)
                if verb == "swap-back":
                    volume.run("swap")
                before = volume.tree()
                started = self.start_postgres(volume.at(place))
                with self.assertRaisesRegex(Refusal, f"PostgreSQL runs there: process {started.pid}"):
                    volume.run(verb)
                self.assertEqual(volume.tree(), before)
                started.kill()
                started.wait()
                self.assertEqual(volume.run(verb), {})

    def test_what_is_done_already_is_done_though_its_server_runs_by_now(self) -> None:
        for verb in ("swap", "swap-back"):
            with self.subTest(verb):
                volume = self.volume(*ALL)
                volume.run(verb)
                self.start_postgres(volume.at("live"))
                self.assertEqual(volume.run(verb), {})
