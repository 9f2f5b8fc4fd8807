import contextlib
import io
import json
import os
import signal
import subprocess
import sys
from typing import Any
from unittest import mock

from howdah import processes, runs
from tests.support import AGENT, TestCase, wait_for

PROGRAM = os.path.join(AGENT, "bin/howdah-run")


# howdah-run on a disk that is full as long as a file is there, or that takes no note of a name.
ILL = """import os, sys
from howdah import files, runs
full, unnoted = sys.argv[1:3]
opened, renamed = os.open, files.rename
def open_(path, flags, *rest, **named):
    if os.path.exists(full) and flags & os.O_CREAT:
        raise OSError(28, "No space left on device")
    return opened(path, flags, *rest, **named)
def rename(source, target):
    if os.path.basename(target) == unnoted:
        raise OSError(5, "Input/output error")
    renamed(source, target)
os.open, files.rename = open_, rename
sys.argv[1:3] = []
runs.main()
"""


class RunsTest(TestCase):
    def setUp(self) -> None:
        super().setUp()
        os.environ["HOWDAH_RUNS"] = self.path("runs")
        changed = mock.patch.object(runs, "RUNS", self.path("runs"))
        changed.start()
        self.addCleanup(changed.stop)
        self.addCleanup(self.stop_all)

    def stop_all(self) -> None:
        for run_id in runs.runs():
            with contextlib.redirect_stdout(io.StringIO()):
                runs.stop(run_id, "0")

    def run_program(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=60, check=False)

    def ask(self, *arguments: str) -> dict[str, Any]:
        said = self.run_program(*arguments)
        self.assertEqual((said.returncode, said.stderr), (0, ""))
        answer: dict[str, Any] = json.loads(said.stdout)
        return answer

    def start(self, run_id: str, *argv: str) -> dict[str, Any]:
        return self.ask("start", run_id, "--", *argv)

    def follow(self, run_id: str, offset: int = 0) -> str:
        return self.run_program("follow", run_id, str(offset)).stdout

    def wait_until(self, state: str, run_id: str) -> runs.Status:
        wait_for(f"state {state}", lambda: runs.status(run_id)["state"] == state)
        return runs.status(run_id)

    def test_a_run_tells_its_output_and_how_it_ended(self) -> None:
        self.assertEqual(self.start("one", "sh", "-c", "echo here; exit 3")["id"], "one")
        self.assertEqual(self.follow("one"), "here\n")
        self.assertEqual(self.follow("one", 2), "re\n")
        status = self.wait_until("EXITED", "one")
        self.assertEqual((status["exitCode"], status["outputBytes"], status["backupId"]), (3, 5, None))

    def test_a_run_has_its_id_and_the_variables_that_it_was_given(self) -> None:
        self.ask("start", "one", "--env", "A=b=c", "--", "sh", "-c", 'echo "$HOWDAH_OPERATION $A"')
        self.assertEqual(self.follow("one"), "one b=c\n")

    def test_a_command_that_cannot_be_started_ends_as_in_a_shell(self) -> None:
        self.start("one", "/no/such/program")
        self.assertEqual(self.wait_until("EXITED", "one")["exitCode"], 127)
        self.assertIn("/no/such/program: No such file or directory", self.follow("one"))

    def test_of_many_starts_of_one_id_one_runs_and_the_others_report_it(self) -> None:
        command = [PROGRAM, "start", "one", "--", "sh", "-c", f"echo ran >> '{self.path('ran')}'; sleep 0.5"]
        starts = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(12)]
        answers = [json.loads(start.communicate(timeout=60)[0]) for start in starts]
        self.assertEqual({answer["id"] for answer in answers}, {"one"})
        self.assertLessEqual({answer["state"] for answer in answers}, {"RUNNING", "EXITED"})
        self.wait_until("EXITED", "one")
        self.assertEqual(self.read("ran"), b"ran\n")
        self.assertEqual(os.listdir(self.path("runs")), ["one"])

    def test_a_run_whose_number_another_process_has_by_now_is_lost_and_that_process_is_left_alone(self) -> None:
        bystander = subprocess.Popen(["sleep", "60"], start_new_session=True)
        self.addCleanup(bystander.wait)
        self.addCleanup(bystander.kill)
        known = processes.process(bystander.pid)
        assert known is not None
        run = {"pid": bystander.pid, "startTicks": known.start_ticks - 1, "startedAt": "2026-11-28T10:00:00.000Z"}
        self.put("runs/one/pid", json.dumps(run))
        self.put("runs/one/lock", "")
        self.assertEqual(runs.status("one")["state"], "LOST")
        self.assertEqual(self.ask("stop", "one", "0")["state"], "LOST")
        self.assertIsNone(bystander.poll())

    def keeper_of(self, run_id: str) -> int:
        """The parent of the command."""
        run = runs.pid_of(self.path("runs", run_id))
        assert run is not None
        with open(f"/proc/{run['pid']}/stat", encoding="utf-8") as file:
            return int(file.read().rpartition(")")[2].split()[1])

    def test_a_command_without_its_keeper_still_runs_and_is_lost_when_it_has_ended(self) -> None:
        self.start("one", "sleep", "60")
        os.kill(self.keeper_of("one"), signal.SIGKILL)
        wait_for("the keeper's end", lambda: not runs.kept(self.path("runs/one")))
        self.assertEqual(runs.status("one")["state"], "RUNNING")
        self.assertEqual(self.ask("stop", "one", "5")["state"], "LOST")

    def test_a_lost_run_can_be_removed_and_started_again(self) -> None:
        self.put("runs/one/lock", "")
        self.assertEqual(self.start("one", "true")["state"], "LOST")
        self.assertEqual(self.ask("remove", "one")["state"], "UNKNOWN")
        self.start("one", "true")
        self.assertEqual(self.wait_until("EXITED", "one")["exitCode"], 0)

    def test_a_stop_ends_the_whole_session_also_what_does_not_heed_it(self) -> None:
        deaf = "trap '' TERM; sleep 60 & echo $!; while :; do sleep 0.1; done"
        started = self.start("one", "sh", "-c", deaf)
        child = wait_for("its child", lambda: self.read("runs/one/output").strip())
        stopped = self.ask("stop", "one", "0.3")
        self.assertEqual((stopped["state"], stopped["exitCode"]), ("EXITED", 128 + signal.SIGKILL))
        for pid in (str(started["pid"]), child.decode()):
            known = processes.process(pid)
            self.assertFalse(known and known.is_alive, pid)

    def test_what_runs_is_not_removed_nor_reaped_whatever_its_age(self) -> None:
        self.start("one", "sleep", "60")
        refused = self.run_program("remove", "one")
        self.assertEqual((refused.returncode, refused.stderr), (1, "howdah-run: one is running\n"))
        os.utime(self.path("runs/one"), (0, 0))
        self.run_program("reap", "7")
        self.assertEqual(runs.status("one")["state"], "RUNNING")

    def test_what_ended_long_ago_is_reaped(self) -> None:
        for run_id in ("old", "new"):
            self.start(run_id, "true")
            self.wait_until("EXITED", run_id)
        os.utime(self.path("runs/old"), (0, 0))
        self.run_program("reap", "7")
        self.assertEqual([json.loads(line)["id"] for line in self.run_program("list").stdout.splitlines()], ["new"])

    def test_an_id_names_a_directory_in_the_runs_and_nothing_else(self) -> None:
        for run_id in ("..", ".hidden", "a/b", "", "a" * 81):
            refused = self.run_program("status", run_id)
            self.assertEqual((refused.returncode, refused.stdout), (1, ""), run_id)

    def test_the_id_of_a_backup_is_told_as_barmans_hook_has_noted_it(self) -> None:
        self.start("one", "howdah-note-backup")
        self.wait_until("EXITED", "one")
        self.ask("start", "two", "--env", "BARMAN_BACKUP_ID=20261128T100000", "--", "howdah-note-backup")
        self.wait_until("EXITED", "two")
        self.assertEqual(runs.status("two")["backupId"], "20261128T100000")

    def run_ill(self, unnoted: str, *argv: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-c", ILL, self.path("full"), unnoted, "start", "one", "--", *argv]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    def test_a_disk_that_is_full_by_then_loses_no_end(self) -> None:
        waits = f"while [ ! -e '{self.path('full')}' ]; do sleep 0.02; done; exit 3"
        self.assertEqual(json.loads(self.run_ill("", "sh", "-c", waits).stdout)["state"], "RUNNING")
        self.put("full", "")
        self.assertEqual(self.wait_until("EXITED", "one")["exitCode"], 3)
        self.assertEqual(json.loads(self.run_ill("", "true").stdout)["exitCode"], 3)

    def test_on_a_full_disk_nothing_is_started_and_nothing_left(self) -> None:
        self.put("full", "")
        said = self.run_ill("", "touch", self.path("ran"))
        self.assertEqual((said.returncode, said.stdout), (1, ""))
        self.assertEqual(said.stderr, "howdah-run: one cannot be started: No space left on device\n")
        self.assertFalse(os.path.exists(self.path("ran")))
        self.assertEqual(os.listdir(self.path("runs")), [])

    def test_what_could_not_be_watched_does_not_run(self) -> None:
        answer = json.loads(self.run_ill("pid", "sh", "-c", f"sleep 1; touch '{self.path('ran')}'").stdout)
        self.assertIsNone(answer["pid"])
        self.assertEqual(self.wait_until("EXITED", "one")["exitCode"], 128 + signal.SIGKILL)
        self.assertFalse(os.path.exists(self.path("ran")))
