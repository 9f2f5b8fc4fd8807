import os
import signal
import subprocess
import threading

from howdah import processes
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
