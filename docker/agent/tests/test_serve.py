import gzip
import os
import shutil

from howdah.wal.archive_client import Archive, ArchiveError
from howdah.wal.segment import PAGE
from tests.support import BarmanTestCase, segment

NAME = "000000010000000000000003"
FILED = f"home/patroni/wals/{NAME[:16]}/{NAME}"


class ServeTest(BarmanTestCase):
    """Both ends of the connection, with a pipe instead of SSH between them."""

    def setUp(self) -> None:
        super().setUp()
        os.environ["HOWDAH_BARMAN"] = "local"
        self.install_barmans("howdah-serve-wal", "howdah.archive.serve")
        self.archive = Archive("patroni")
        self.addCleanup(self.archive.close)

    def fetch(self, name: str = NAME) -> bytes | None:
        return self.read("fetched") if self.archive.fetch(name, self.path("fetched")) else None

    def test_a_segment_comes_whole_and_plain_wherever_it_lies(self) -> None:
        for place in (FILED, f"home/patroni/streaming/{NAME}", f"home/patroni/incoming/{NAME}"):
            for content in (segment(NAME), gzip.compress(segment(NAME))):
                path = self.put(place, content)
                self.assertEqual(self.fetch(), segment(NAME), place)
                os.unlink(path)

    def test_several_come_over_one_connection(self) -> None:
        self.put(FILED, segment(NAME))
        self.put("home/patroni/wals/00000002.history", "1\t0/3000000\tno recovery target specified\n")
        self.assertEqual(self.fetch(), segment(NAME))
        first = self.archive.process
        self.assertEqual(self.fetch("00000002.history"), b"1\t0/3000000\tno recovery target specified\n")
        self.assertIs(self.archive.process, first)

    def test_what_is_not_there_is_missing(self) -> None:
        self.assertIsNone(self.fetch())

    def test_a_folder_that_is_not_there_is_no_end_of_the_archive(self) -> None:
        shutil.rmtree(self.server.wals)
        with self.assertRaisesRegex(ArchiveError, "No such file or directory"):
            self.fetch()

    def test_what_is_cut_off_in_the_archive_is_an_error(self) -> None:
        for content, why in ((segment(NAME)[:-PAGE], "bytes, not"), (gzip.compress(segment(NAME))[:-8], "cut off")):
            self.put(FILED, content)
            with self.assertRaisesRegex(ArchiveError, why):
                self.fetch()

    def test_a_name_that_no_wal_file_has_is_refused(self) -> None:
        with self.assertRaisesRegex(ArchiveError, "no WAL file is called that"):
            self.fetch("../../../barman.conf")

    def test_the_furthest_written_state_of_an_unfinished_segment_comes_filled_up(self) -> None:
        self.put(f"home/patroni/streaming/{NAME}.partial", segment(NAME, pages=3)[: 3 * PAGE])
        self.put(f"home/patroni/incoming/{NAME}.partial", segment(NAME, pages=5)[: 5 * PAGE])
        self.put(f"{FILED}.partial", gzip.compress(segment(NAME, pages=4)))
        self.assertTrue(self.archive.fetch_partial(NAME, self.path("fetched")))
        self.assertEqual(self.read("fetched"), segment(NAME, pages=5))

    def test_of_a_segment_that_was_never_begun_there_is_no_unfinished_state(self) -> None:
        self.assertFalse(self.archive.fetch_partial(NAME, self.path("fetched")))

    def test_a_server_that_barman_does_not_know_is_an_error(self) -> None:
        archive = Archive("unknown")
        self.addCleanup(archive.close)
        with self.assertRaisesRegex(ArchiveError, "Barman knows no server 'unknown'"):
            archive.fetch(NAME, self.path("fetched"))

    def test_an_end_that_does_not_speak_is_an_error(self) -> None:
        self.install("howdah-serve-wal", "#!/bin/sh\nexit 1\n")
        with self.assertRaisesRegex(ArchiveError, "gone"):
            self.fetch()
