import json
import os
from unittest import mock

from howdah.data import control
from howdah.recovery import copies, swapping
from tests.support import TestCase

VERSION = "PG_17_202406281"


class SwappingTest(TestCase):
    """A node's data with a tablespace, and a copy whose own tablespace belongs in the same location."""

    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(mock.patch.stopall)
        mock.patch.object(copies, "ROOTS", mock.Mock(fullmatch=lambda root: root.startswith(self.root))).start()
        mock.patch.object(control, "control_data", lambda _: {"Catalog version number": "202406281"}).start()
        self.request = json.dumps({name: self.path(name) for name in ("live", "copy", "previous")})
        self.location = self.path("tablespace")
        self.put("live/PG_VERSION", "17\n")
        self.put("copy/data/PG_VERSION", "17\n")
        self.put(f"tablespace/{VERSION}/whose", "live")
        self.put(f"copy/tablespaces/1/{VERSION}/whose", "copy")
        self.link("live", self.location)
        self.link("copy/data", self.path("copy/tablespaces/1"))
        self.manifest(self.location)

    def link(self, data: str, target: str, oid: str = "1") -> None:
        os.makedirs(self.path(data, "pg_tblspc"), exist_ok=True)
        os.symlink(target, self.path(data, "pg_tblspc", oid))

    def manifest(self, location: str) -> None:
        tablespaces = [{"oid": "1", "location": location, "place": self.path("copy/tablespaces/1")}]
        self.put("copy/tablespaces.json", json.dumps(tablespaces))

    def whose(self) -> tuple[bytes, str]:
        """Whose files are in the tablespace's location, and where the live data's link leads."""
        return self.read(f"tablespace/{VERSION}/whose"), os.readlink(self.path("live/pg_tblspc/1"))

    def test_data_and_tablespaces_change_places_and_go_back(self) -> None:
        self.assertEqual(swapping.swap_progress(self.request), {"progress": "NOT_SWAPPED"})
        swapping.swap(self.request)
        self.assertEqual(swapping.swap_progress(self.request), {"progress": "SWAPPED"})
        self.assertEqual(self.whose(), (b"copy", self.location))
        self.assertEqual(self.read(f"previous/tablespaces/1/{VERSION}/whose"), b"live")
        swapping.swap_back(self.request)
        self.assertEqual(self.whose(), (b"live", self.location))
        self.assertFalse(os.path.exists(self.path("previous")))

    def test_a_swap_can_be_repeated(self) -> None:
        for _ in range(2):
            swapping.swap(self.request)
        self.assertEqual(self.whose(), (b"copy", self.location))

    def test_where_tablespaces_can_change_places_nothing_is_said(self) -> None:
        self.assertEqual(swapping.swap_check(self.request), {})

    def refused(self, why: str) -> None:
        with self.assertRaisesRegex(SystemExit, why):
            swapping.swap_check(self.request)

    def test_a_location_with_files_of_another_tablespace_is_refused(self) -> None:
        self.manifest(self.path("other"))
        os.makedirs(self.path("other", VERSION))
        self.refused("where there are files of another one")

    def test_two_links_to_one_location_are_refused(self) -> None:
        self.link("live", self.location, oid="2")
        self.refused("has two links to")

    def test_a_location_on_another_volume_is_refused(self) -> None:
        os.symlink("/proc/self", self.path("elsewhere"))
        self.manifest(self.path("elsewhere/tablespace"))
        self.refused("which is on another volume")

    def test_a_location_that_may_not_be_written_to_is_refused(self) -> None:
        self.manifest(self.path("new/tablespace"))
        with mock.patch("os.access", lambda *_: False):
            self.refused("may not be written to")

    def test_directories_that_no_swap_leaves_are_refused(self) -> None:
        os.makedirs(self.path("previous/data"))
        self.assertEqual(swapping.swap_progress(self.request)["progress"], "UNEXPECTED")
        with self.assertRaisesRegex(SystemExit, "no cut-over leaves directories like these"):
            swapping.swap(self.request)
