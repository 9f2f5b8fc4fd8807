import os
import signal
import subprocess
import threading
from unittest import mock

from howdah import processes
from howdah.refusal import Refusal
from tests.support import TestCase, wait_for


class ProcessTest(TestCase):
    def test_one_that_ends_while_it_is_looked_at_has_ended(self) -> None:
        gone = 0
        for _ in range(100):
            children = [subprocess.Popen(["true"]) for _ in range(5)]
            reaper = threading.Thread(target=lambda: [child.wait() for child in children])
            reaper.start()
            while reaper.is_alive():
                gone += sum(processes.process(child.pid) is None for child in children)
            reaper.join()
        self.assertGreater(gone, 0)

    def test_its_children_are_told_by_what_they_call_themselves(self) -> None:
        parent = subprocess.Popen(["sh", "-c", "sleep 61 & sleep 62 & wait"])
        self.addCleanup(parent.wait)
        wait_for("both children", lambda: len(processes.children(parent.pid)) == 2)
        children = processes.children(parent.pid)
        wait_for("their programs", lambda: {processes.name(each) for each in children} == {"sleep"})
        self.assertEqual(sorted(processes.title(each) for each in children), ["sleep 61", "sleep 62"])
        for each in children:
            os.kill(each, signal.SIGKILL)


class WorkingPlaceTest(TestCase):
    def look(self, pid: int) -> dict[int, tuple[int, int]]:
        return processes.working_places([pid])

    def place_of(self, directory: str) -> tuple[int, int]:
        known = os.stat(directory)
        return known.st_dev, known.st_ino

    def test_a_user_without_rights_sees_where_its_own_work(self) -> None:
        os.chmod(self.root, 0o755)
        child = os.fork()
        if child == 0:
            try:
                if os.geteuid() == 0:
                    os.setgroups([])
                    os.setgid(65534)
                    os.setuid(65534)
                worker = subprocess.Popen(["sleep", "61"], cwd=self.root)
                seen = self.look(worker.pid)
                worker.kill()
                os._exit(0 if seen == {worker.pid: self.place_of(self.root)} else 1)
            finally:
                os._exit(2)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)

    def test_what_another_users_process_works_in_is_not_guessed(self) -> None:
        with mock.patch("os.geteuid", lambda: 4242):
            with self.assertRaisesRegex(
                Refusal, f"cannot be seen where a process of user .* works: /proc/{os.getpid()}/"
            ):
                self.look(os.getpid())

    def test_root_asks_as_the_user_whose_process_it_is(self) -> None:
        said = subprocess.CompletedProcess([], 0, f"/proc/{os.getpid()}/cwd 1 2\n", "")
        with mock.patch("os.geteuid", lambda: 0), mock.patch.object(processes, "owner_of", lambda _: (101, 104)):
            with mock.patch("subprocess.run", return_value=said) as run:
                self.assertEqual(self.look(os.getpid()), {os.getpid(): (1, 2)})
        became = {name: run.call_args.kwargs.get(name) for name in ("user", "group", "extra_groups")}
        self.assertEqual(became, {"user": 101, "group": 104, "extra_groups": []})
