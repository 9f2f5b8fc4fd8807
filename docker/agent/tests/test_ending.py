import json
import os
import re
import subprocess
import threading
from collections.abc import Callable
from unittest import mock

from howdah import files
from howdah.recovery import ending, serving
from howdah.recovery.settings import FLOORS
from tests.support import wait_for
from tests.test_settings import CopyTestCase

# Answers as a file says that it stands, and not at all without one.
PSQL = """#!/bin/sh
case "$*" in
*pg_promote*) echo promoted > standing ;;
*pg_tablespace*) echo 1663 ;;
*pg_walfile_name*) echo 00000001 ;;
*) cat standing ;;
esac
"""
# Has its lock file as soon as it may.
POSTGRES = """#!/bin/sh
cd "$2"
while [ ! -e ../may-start ]; do sleep 0.02; done
echo $$ > postmaster.pid
exec sleep 61
"""


class EndingTestCase(CopyTestCase):
    def setUp(self) -> None:
        super().setUp()
        os.makedirs(self.copy.data("pg_tblspc"))
        self.copy.write("served", json.dumps({"port": 54320, "target": {"kind": "END"}, "keepsWal": False}))
        self.install("psql", PSQL.replace("standing", self.path("standing")))
        self.again = mock.patch.object(ending, "start_as_the_cluster_does").start()

    def start_postmaster(self) -> "subprocess.Popen[bytes]":
        started = subprocess.Popen(["sleep", "61"], cwd=self.copy.directory)
        self.addCleanup(started.wait)
        self.addCleanup(started.kill)
        self.put("copy/data/postmaster.pid", f"{started.pid}\n")
        return started

    def begin(self, call: Callable[[], object]) -> Callable[[], object]:
        """In a thread of its own; answers what answers with its answer, or with why it was refused, in the end."""
        answers: list[object] = []

        def run() -> None:
            try:
                answers.append(call())
            except SystemExit as refused:
                answers.append(refused.code)

        thread = threading.Thread(target=run)
        thread.start()
        self.addCleanup(thread.join)

        def answer() -> object:
            thread.join()
            return answers[0]

        return answer


class PromoteTest(EndingTestCase):
    def promote(self) -> object:
        return ending.promote(self.copy.root)

    def stand(self, standing: str) -> None:
        self.put("standing.new", f"{standing}\n")
        os.rename(self.path("standing.new"), self.path("standing"))

    def test_one_that_is_paused_is_started_as_the_cluster_does_and_promoted_once(self) -> None:
        self.start_postmaster()
        self.stand("paused")
        for _ in range(2):
            self.assertEqual(self.promote(), {})
            self.assertEqual(self.read("standing"), b"promoted\n")
        self.again.assert_called_once()

    def test_one_that_does_not_run_is_left_as_it_is(self) -> None:
        self.assertEqual(self.promote(), {})
        self.assertFalse(os.path.exists(self.path("standing")))

    def test_one_that_takes_no_connections_yet_or_still_replays_is_waited_for(self) -> None:
        for before in (None, "not paused", "pause requested"):
            with self.subTest(before):
                files.unlink(self.path("standing"))
                self.start_postmaster()
                if before:
                    self.stand(before)
                asked = mock.patch.object(self.copy.__class__, "psql", autospec=True, side_effect=type(self.copy).psql)
                with asked as psql:
                    answer = self.begin(self.promote)
                    wait_for("a second look", lambda: psql.call_count >= 2)
                    self.stand("paused")
                    self.assertEqual(answer(), {})
                self.assertEqual(self.read("standing"), b"promoted\n")

    def test_the_wait_ends_with_what_was_seen_last(self) -> None:
        self.start_postmaster()
        mock.patch.object(ending, "AGAIN_SECONDS", 0).start()
        with self.assertRaisesRegex(SystemExit, "has not paused after 0 s: cat: .*standing"):
            self.promote()
        self.stand("not paused")
        with self.assertRaisesRegex(SystemExit, "has not paused after 0 s: not paused"):
            self.promote()

    def test_one_that_ends_meanwhile_is_left_as_it_is(self) -> None:
        started = self.start_postmaster()
        answer = self.begin(self.promote)
        started.kill()
        started.wait()
        self.assertEqual(answer(), {})


class HistoryTest(EndingTestCase):
    def keep(self, code: int) -> list[str]:
        """The histories that it has, where it is on timeline 4 and the archive answers with this exit code."""
        self.install("psql", "#!/bin/sh\necho 00000004\n")
        self.install("howdah-take-wal", f'#!/bin/sh\n[ {code} != 0 ] || echo "$2" > "$3"\nexit {code}\n')
        os.makedirs(self.copy.data("pg_wal"), exist_ok=True)
        ending.keep_histories(self.copy)
        return sorted(os.listdir(self.copy.data("pg_wal")))

    def test_those_that_the_archive_has_are_kept(self) -> None:
        self.assertEqual(self.keep(1), [])
        self.assertEqual(self.keep(0), ["00000002.history", "00000003.history"])

    def test_an_archive_that_does_not_tell_has_not_said_that_it_has_none(self) -> None:
        for code in (200, 137):
            with self.assertRaisesRegex(SystemExit, f"whether it has 00000002.history: .* exit code {code}"):
                self.keep(code)


class TwiceTest(EndingTestCase):
    """While a call is at it whose caller is gone."""

    def waits(self) -> re.Match[str] | None:
        return re.search(f"-> FLOCK .* {os.getpid()} ", files.read("/proc/locks") or "")

    def test_a_call_that_is_asked_again_waits_and_finds_the_work_done(self) -> None:
        mock.patch.object(ending, "put_back").start()
        calls: list[tuple[Callable[[str], object], object]] = [
            (ending.promote, {}),
            (ending.stop, {}),
            (ending.hand_over, {"tablespaces": []}),
        ]
        for call, done in calls:
            with self.subTest(call.__name__), files.locked(self.copy.root):
                answer = self.begin(lambda: call(self.copy.root))
                wait_for("it to wait", self.waits)
            self.assertEqual(answer(), done)

    def test_it_counts_as_being_started_until_the_call_has_ended(self) -> None:
        with files.locked(self.copy.root):
            self.assertEqual(serving.status(self.copy.root)["state"], "STARTING")
        mock.patch.object(serving, "lacks", lambda _: {}).start()
        self.assertEqual(serving.status(self.copy.root)["state"], "STOPPED")

    def test_what_was_to_start_it_takes_no_lock_file_from_the_one_that_was_started_meanwhile(self) -> None:
        with files.locked(self.copy.root):
            answer = self.begin(lambda: serving.serve(json.dumps({"root": self.copy.root})))
            wait_for("it to wait", self.waits)
            self.start_postmaster()
        self.assertEqual(answer(), "howdah-recovery: its PostgreSQL runs already")
        self.assertTrue(os.path.exists(self.copy.data("postmaster.pid")))

    def test_a_lock_is_not_inherited_by_what_is_started_under_it(self) -> None:
        with files.locked(self.copy.root):
            self.start_postmaster()
            self.assertTrue(files.is_locked(self.copy.root))
        self.assertFalse(files.is_locked(self.copy.root))


class StartTest(EndingTestCase):
    def serve(self) -> int:
        """A process that becomes PostgreSQL."""
        self.install("postgres", POSTGRES)
        child = os.fork()
        if child == 0:
            try:
                with mock.patch.object(serving, "settings", lambda *_: dict.fromkeys(FLOORS, "1")):
                    serving.serve(json.dumps({"root": self.copy.root, "port": 54320}))
            finally:
                os._exit(1)
        self.addCleanup(os.waitpid, child, 0)
        self.addCleanup(os.kill, child, 9)
        wait_for("it to start", self.copy.is_starting)
        wait_for("the end of its lock", lambda: not files.is_locked(self.copy.root))
        return child

    def test_between_the_start_of_its_program_and_its_lock_file_it_is_waited_for(self) -> None:
        child = self.serve()
        self.assertIsNone(self.copy.postmaster())
        self.assertEqual(serving.status(self.copy.root)["state"], "STARTING")
        self.put("standing", "promoted\n")
        promoted = self.begin(lambda: ending.promote(self.copy.root))
        wait_for("it to wait", lambda: files.is_locked(self.copy.root))
        self.put("copy/may-start", "")
        self.assertEqual(promoted(), {})
        self.assertEqual(self.copy.postmaster(), child)
        with self.assertRaisesRegex(SystemExit, "runs already"):
            serving.serve(json.dumps({"root": self.copy.root}))

    def test_one_that_never_has_its_lock_file_is_an_error_after_a_while(self) -> None:
        self.serve()
        with mock.patch("howdah.recovery.copies.START_SECONDS", 0):
            with self.assertRaisesRegex(SystemExit, "no lock file after 0 s"):
                ending.stop(self.copy.root)

    def test_another_process_by_its_pid_is_not_the_one_that_was_started(self) -> None:
        self.copy.write("starting", json.dumps([os.getpid(), 1]))
        self.assertFalse(self.copy.is_starting())
