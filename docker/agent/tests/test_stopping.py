import json
import os
import shutil
import signal
import subprocess
from typing import Any
from unittest import mock

from howdah import processes
from howdah.data import live, patroni, postmaster, stopping
from howdah.refusal import Refusal
from tests.runit import RunitTestCase
from tests.support import wait_for

ID = "20261128T100000000-abc123"


class StoppingTest(RunitTestCase):
    """A node whose PostgreSQL may run: a process of that name, with children."""

    def setUp(self) -> None:
        super().setUp()
        os.environ[live.VARIABLE] = self.path("data")
        os.unlink(patroni.down())
        os.symlink(patroni.lasting(), patroni.down())
        self.install("pg_controldata", "#!/bin/sh\necho 'Database cluster state:   in production'\n")
        self.accepts(True)

    def accepts(self, does: bool) -> None:
        self.install("pg_isready", f"#!/bin/sh\nexit {0 if does else 1}\n")

    def start_postgres(self, directory: str = "data", user: int | None = None) -> "subprocess.Popen[bytes]":
        program = self.path("bin/postgres")
        shutil.copy("/bin/sh", program)
        os.makedirs(self.path("data"), exist_ok=True)
        command = [program, "-c", "sleep 61 & sleep 62 & wait"]
        started = subprocess.Popen(command, cwd=self.path(directory), user=user, group=user)
        self.addCleanup(started.wait)
        self.addCleanup(self.kill_all, [started.pid])
        wait_for("its name", lambda: processes.name(started.pid) == "postgres")
        wait_for("its children", lambda: self.titles(started.pid) == ["sleep 61", "sleep 62"])
        self.addCleanup(self.kill_all, processes.children(started.pid))
        return started

    def titles(self, pid: int) -> list[str]:
        return sorted(postmaster.titles([pid]))

    def kill_all(self, pids: list[int]) -> None:
        for pid in pids:
            postmaster.send(pid, signal.SIGKILL)

    def stop(self, **changes: object) -> Any:
        return stopping.stop_patroni(json.dumps({"by": ID, "seconds": 10, **changes}))

    def test_a_node_that_stops_is_down_and_kept_down_by_the_operation(self) -> None:
        for _ in range(2):
            self.assertEqual(self.stop(), {"patroni": False, "postgres": None, "control": "in production"})
            self.assertEqual(self.down(), f"{ID}\n")
        self.assertEqual(self.asked(), ["-w 10 stop", "-w 10 stop"])

    def test_one_that_does_not_says_what_it_waits_for(self) -> None:
        self.start_postgres()
        self.stops_as("term")
        for accepts in (True, False):
            self.accepts(accepts)
            seen = self.stop(seconds=1)
            seen["postgres"]["processes"].sort()
            postgres = {"accepts": accepts, "processes": ["sleep 61", "sleep 62"]}
            self.assertEqual(seen, {"patroni": True, "postgres": postgres, "control": "in production"})
        self.assertEqual(self.asked(), ["-w 1 stop", "-w 1 stop"])

    def test_it_is_seen_where_it_runs_as_another_user_than_who_looks(self) -> None:
        for path in (self.root, self.path("bin"), self.path("data")):
            os.makedirs(path, exist_ok=True)
            os.chmod(path, 0o755)
        started = self.start_postgres(user=65534)
        self.assertEqual(postmaster.find(), [started.pid])
        with self.assertRaisesRegex(Refusal, f"PostgreSQL runs there: process {started.pid}"):
            postmaster.refuse_running(self.path("data"))
        self.assertIsNotNone(stopping.look()["postgres"])

    def test_it_is_kept_down_before_it_is_asked(self) -> None:
        with mock.patch.object(patroni, "wait_until_supervised", side_effect=InterruptedError):
            with self.assertRaises(InterruptedError):
                self.stop()
        self.assertEqual((self.down(), self.stop()["patroni"]), (f"{ID}\n", False))

    def test_the_file_that_keeps_it_down_is_never_without_the_operation(self) -> None:
        for step in ("os.fsync", "os.link"):
            with mock.patch(step, side_effect=InterruptedError), self.assertRaises(InterruptedError):
                self.stop()
            self.assertEqual(patroni.kept_down_by(), {"by": None})
        self.stop()
        self.assertEqual(patroni.kept_down_by(), {"by": ID})

    def test_a_persons_file_that_is_made_in_that_moment_stays(self) -> None:
        link = os.link

        def linked(source: str, target: str) -> None:
            self.keep_down("me, until monday\n")
            link(source, target)

        with mock.patch("os.link", linked):
            self.assertFalse(self.stop()["patroni"])
        self.assertEqual(patroni.kept_down_by(), {"by": "me, until monday"})
        self.assertEqual(os.listdir(self.path("runit/patroni")), ["down"])

    def test_a_persons_own_file_stays_as_it_is(self) -> None:
        self.keep_down("")
        self.assertFalse(self.stop()["patroni"])
        self.assertEqual(self.down(), "")

    def test_a_container_that_has_just_been_started_is_waited_for(self) -> None:
        self.is_away(5)
        self.assertFalse(self.stop()["patroni"])
        self.assertEqual(self.asked(), ["-w 10 stop"])

    def test_postgresql_is_found_by_its_directory_whatever_its_pid_file_says(self) -> None:
        self.start_postgres()
        for text in (b"", b"x", b"\xff\xfe", b"4194305", None):
            with self.subTest(text):
                path = self.put("data/postmaster.pid", text or b"")
                if text is None:
                    os.unlink(path)
                self.assertIsNotNone(self.stop()["postgres"])

    def test_another_program_there_and_a_postgresql_elsewhere_are_none_of_its(self) -> None:
        self.put("other/PG_VERSION", "17\n")
        elsewhere = self.start_postgres("other")
        other = subprocess.Popen(["sleep", "63"], cwd=self.path("data"))
        self.addCleanup(other.wait)
        self.addCleanup(self.kill_all, [other.pid])
        for pid in (elsewhere.pid, other.pid):
            self.put("data/postmaster.pid", f"{pid}\n")
            self.assertIsNone(self.stop()["postgres"])
        stopping.end_both()
        self.assertEqual((elsewhere.poll(), other.poll()), (None, None))

    def test_where_runit_cannot_tell_patroni_is_not_taken_for_ended(self) -> None:
        self.is_away(patroni.SUPERVISED_TRIES + 9)
        with self.assertRaisesRegex(Refusal, "sv status failed: fail: .*unable to change"):
            self.stop()

    def test_what_a_postmaster_has_left_behind_is_found_and_ended(self) -> None:
        program = self.path("bin/postgres")
        started = self.start_postgres()
        left = subprocess.Popen([program, "-c", "sleep 64 & wait"], cwd=self.path("data"))
        self.addCleanup(self.kill_all, [left.pid])
        wait_for("its name", lambda: processes.name(left.pid) == "postgres")
        self.assertEqual(sorted(postmaster.find()), sorted([started.pid, left.pid]))
        stopping.end_both()
        self.assertEqual((started.wait(20), left.wait(20)), (-signal.SIGKILL, -signal.SIGKILL))

    def test_control_data_that_cannot_be_read_is_told_as_none(self) -> None:
        self.install("pg_controldata", "#!/bin/sh\nexit 1\n")
        self.assertIsNone(self.stop()["control"])

    def test_what_is_asked_names_the_operation_and_the_seconds(self) -> None:
        for changes in ({"by": 1}, {"seconds": "10"}, {"seconds": True}, {"and": ""}, {"by": ""}, {"by": "a\nb"}):
            with self.subTest(changes), self.assertRaises(Refusal):
                self.stop(**changes)
        self.assertIsNone(self.down())

    def test_postgresql_without_patroni_is_asked_to_stop(self) -> None:
        started = self.start_postgres()
        self.assertEqual(postmaster.stop_postgres(), {})
        self.assertEqual(started.wait(20), -signal.SIGINT)
        self.assertEqual(postmaster.stop_postgres(), {})

    def test_both_are_ended_with_all_that_postgresql_has_started(self) -> None:
        started = self.start_postgres()
        children = processes.children(started.pid)
        self.stops_as("term")
        self.stop()
        for _ in range(2):
            self.assertEqual(stopping.end_both(), {})
            self.assertEqual(started.wait(20), -signal.SIGKILL)
        wait_for("the children's end", lambda: not any(self.is_alive(pid) for pid in children))
        self.assertEqual(self.stop(), {"patroni": False, "postgres": None, "control": "in production"})

    def is_alive(self, pid: int) -> bool:
        known = processes.process(pid)
        return known is not None and known.is_alive
