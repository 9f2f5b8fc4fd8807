import os
from unittest import mock

from howdah import files
from tests.support import TestCase


class LastingTestCase(TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.synced: list[str] = []
        self.addCleanup(mock.patch.stopall)
        mock.patch("os.fsync", lambda file: self.synced.append(os.readlink(f"/proc/self/fd/{file}"))).start()


class WriteTest(LastingTestCase):
    def test_its_content_is_lasting_before_its_name_and_that_before_it_returns(self) -> None:
        files.write(self.path("list"), "[]")
        self.assertEqual(self.synced, [self.path("list.new"), self.root])
        self.assertEqual(self.read("list"), b"[]")


class LinkTest(LastingTestCase):
    def test_a_link_that_leads_there_already_takes_no_room_of_a_full_disk(self) -> None:
        link = self.path("link")
        os.symlink(self.path("place"), link)
        with mock.patch("os.symlink", side_effect=OSError(28, "No space left on device")):
            files.relink(link, self.path("place"))
            with self.assertRaises(OSError):
                files.relink(link, self.path("elsewhere"))

    def test_where_it_leads_is_lasting_also_where_an_earlier_call_has_only_made_it(self) -> None:
        for synced in ([self.root], [self.root, self.root]):
            files.relink(self.path("link"), self.path("place"))
            self.assertEqual(self.synced, synced)
            self.assertEqual(os.readlink(self.path("link")), self.path("place"))
