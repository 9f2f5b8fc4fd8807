import fcntl
import os
import subprocess

from tests.support import AGENT, BarmanTestCase

FINISH = os.path.join(os.path.dirname(AGENT), "images/barman/service/receive-wal/finish")
LOCK = "home/.patroni-archive-wal.lock"
FIRST, LAST = "000000010000000000000003", "000000010000000000000004"
REMOVED = f"ERROR: requested WAL segment {FIRST} has already been removed"
LEFT = "ERROR: requested starting point 0/5000000 on timeline 1 is not in this server's history"


class FinishTest(BarmanTestCase):
    """The script of the image, with its directories below the test's folder."""

    def setUp(self) -> None:
        super().setUp()
        self.put("lib/secrets.sh", 'as() { shift; exec "$@"; }\n')
        os.chmod(self.put("lib/slot.sh", "#!/bin/sh\nexit 1\n"), 0o755)
        with open(FINISH, encoding="utf-8") as file:
            script = file.read().replace("-w 10", "-w 1")
        places = {"/data/pg-backup": "home", "/usr/local/lib/howdah": "lib", "/var/log/barman": "log"}
        for place, here in places.items():
            script = script.replace(place, self.path(here))
        self.put("finish", script)
        for segment in (FIRST, LAST):
            self.put(f"home/patroni/streaming/{segment}", segment)

    def finish(self, why: str) -> str:
        self.put("log/barman.log", f"earlier\nStarting receive-wal for server patroni\n{why}\n")
        command = ["bash", self.path("finish")]
        environment = {**os.environ, "BARMAN_SERVER": "patroni"}
        return subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout

    def names(self, folder: str) -> list[str]:
        return sorted(os.listdir(self.path("home/patroni", folder)))

    def test_what_streaming_would_go_on_from_is_filed(self) -> None:
        said = self.finish(LEFT)
        self.assertEqual((self.names("streaming"), self.names("incoming")), ([FIRST], [LAST]))
        self.assertEqual(said, f"receive-wal: {LAST} belongs to a history that the cluster has left, filed\n")
        said = self.finish(REMOVED)
        self.assertEqual((self.names("streaming"), self.names("incoming")), ([], [FIRST, LAST]))
        self.assertEqual(said, f"receive-wal: {FIRST} belongs to what the server has removed, filed\n")

    def test_while_barman_files_segments_none_is_taken_and_the_next_attempt_does(self) -> None:
        for why, filed in ((LEFT, [LAST]), (REMOVED, [FIRST, LAST])):
            with open(self.put(LOCK, ""), encoding="utf-8") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                before = self.names("streaming")
                self.assertEqual(self.finish(why), "")
                self.assertEqual(self.names("streaming"), before)
            self.finish(why)
            self.assertEqual(self.names("incoming"), filed)

    def test_one_that_barman_has_filed_meanwhile_keeps_no_other_from_it(self) -> None:
        """Between the look and the lock."""
        self.install("flock", f'#!/bin/sh\nrm "{self.path("home/patroni/streaming", FIRST)}"\nshift 3\nexec "$@"\n')
        self.finish(REMOVED)
        self.assertEqual(self.names("incoming"), [LAST])

    def test_a_copy_that_waits_there_is_not_replaced(self) -> None:
        self.put(f"home/patroni/incoming/{FIRST}", "sent")
        self.assertNotIn(FIRST, self.finish(REMOVED))
        self.assertEqual(self.names("streaming"), [FIRST])
        self.assertEqual(self.read(f"home/patroni/incoming/{FIRST}"), b"sent")
