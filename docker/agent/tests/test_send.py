import os
import signal
import subprocess

from howdah.archive.connection import Lost, Refused
from howdah.archive.send import Sender, is_nothing
from tests.support import SIZE, BarmanTestCase, TestCase, segment

NAME = "000000010000000000000003"
NEXT = "000000010000000000000004"


class SendTest(BarmanTestCase):
    """Both ends of the connection, with a pipe instead of SSH between them."""

    def setUp(self) -> None:
        super().setUp()
        os.environ["HOWDAH_BARMAN"] = "local"
        self.install_barmans("howdah-receive-wal", "howdah.archive.receive")
        self.sender = Sender()
        self.addCleanup(self.sender.drop)

    def send(self, name: str, content: bytes) -> None:
        self.sender.send("patroni", self.put(f"pg_wal/{name}", content))

    def test_what_was_sent_is_barmans_and_sending_it_again_does_no_harm(self) -> None:
        for _ in range(2):
            self.send(NAME, segment(NAME))
            self.assertEqual(self.read(f"home/patroni/incoming/{NAME}"), segment(NAME))
        self.assertEqual(os.listdir(self.server.incoming), [NAME])

    def test_one_connection_is_kept_from_segment_to_segment(self) -> None:
        self.send(NAME, segment(NAME))
        first = self.sender.connection
        self.send(NEXT, segment(NEXT))
        self.assertIs(self.sender.connection, first)

    def test_a_kept_connection_that_has_died_is_made_again(self) -> None:
        self.send(NAME, segment(NAME))
        assert self.sender.connection
        self.sender.connection.child.send_signal(signal.SIGKILL)
        self.sender.connection.child.wait()
        self.send(NEXT, segment(NEXT))
        self.assertEqual(sorted(os.listdir(self.server.incoming)), [NAME, NEXT])

    def test_a_copy_that_differs_only_after_the_end_of_its_wal_is_had_already(self) -> None:
        switch = "rmgr: XLOG  len (rec/tot): 24/24, tx: 0, lsn: 0/00300200, prev 0/00300100, desc: SWITCH "
        self.install_waldump(switch)
        ours = segment(NAME)[: 0x200 + 24].ljust(SIZE, b"\0")
        self.put(f"home/patroni/incoming/{NAME}", ours)
        self.send(NAME, segment(NAME))
        self.assertEqual(self.read(f"home/patroni/incoming/{NAME}"), ours)

    def test_a_refusal_is_in_barmans_words(self) -> None:
        self.put(f"home/patroni/incoming/{NAME}", segment(NAME, fill=b"y"))
        self.install_waldump()
        with self.assertRaisesRegex(Refused, "already, with other content"):
            self.send(NAME, segment(NAME))

    def test_without_another_end_its_last_words_are_told(self) -> None:
        self.install("howdah-receive-wal", "#!/bin/sh\necho 'Connection refused' >&2\nexit 255\n")
        with self.assertRaisesRegex(Lost, "^Connection refused$"):
            self.send(NAME, segment(NAME))

    def test_archive_command_starts_the_sender_and_hears_its_answer(self) -> None:
        self.install("start-sender", '#!/bin/sh\nexec howdah-send-wal "$@"\n')
        os.environ["HOWDAH_SEND_WAL"] = self.path("bin/start-sender")
        os.environ["HOWDAH_SEND_WAL_SOCKET"] = self.path("socket")
        self.addCleanup(self.end_sender)
        path = self.put(f"pg_wal/{NAME}", segment(NAME))
        for name, code, said in (("patroni", 0, ""), ("unknown", 1, "Barman knows no server 'unknown'")):
            ended = subprocess.run(["howdah-archive-wal", name, path], capture_output=True, text=True, check=False)
            self.assertEqual(ended.returncode, code, ended.stderr)
            self.assertIn(said, ended.stderr)
        self.assertEqual(os.listdir(self.server.incoming), [NAME])

    def end_sender(self) -> None:
        """By its command line, which names this test's own folder."""
        for entry in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as file:
                    words = file.read().split(b"\0")
            except (FileNotFoundError, ProcessLookupError):
                continue
            if os.fsencode(self.path("socket")) in words:
                os.kill(int(entry), signal.SIGKILL)


class NothingTest(TestCase):
    def test_a_segment_that_was_never_written_on_a_timeline_that_was_left_is_nothing(self) -> None:
        path = self.put(f"pg_wal/{NAME}", b"\0" * SIZE)
        self.assertFalse(is_nothing(path), "the timeline is not left")
        self.put("pg_wal/00000002.history", "")
        self.assertTrue(is_nothing(path))

    def test_a_segment_with_wal_in_it_is_something(self) -> None:
        self.put("pg_wal/00000002.history", "")
        self.assertFalse(is_nothing(self.put(f"pg_wal/{NAME}", segment(NAME, pages=1))))
        self.assertFalse(is_nothing(self.put(f"pg_wal/{NAME}", b"damage".ljust(SIZE, b"\0"))))
