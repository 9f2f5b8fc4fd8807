import os
import shutil
from unittest import mock

from howdah.refusal import Refusal
from tests.volume import (
    IN_BOTH,
    IN_THE_COPY,
    IN_THE_NODES,
    MADE_AGAIN,
    VERSION,
    WIPED,
    WIPED_AND_IN_THE_COPY,
    Volume,
    VolumeTestCase,
)


class CheckTest(VolumeTestCase):
    """Before anything is stopped."""

    def refused(self, volume: Volume, why: str) -> None:
        with self.assertRaisesRegex(Refusal, why):
            volume.run("swap-check")

    def test_a_location_with_files_of_another_tablespace_is_refused(self) -> None:
        volume = self.volume(IN_THE_COPY)
        volume.put(f"{IN_THE_COPY.location}/{VERSION}/of", "another")
        self.refused(volume, "tablespace 103 belongs in .*ts/deep/copy, where there are files of another one")

    def test_a_link_to_nothing_is_refused_in_either_data(self) -> None:
        for tablespace in (WIPED, WIPED_AND_IN_THE_COPY):
            why = f"live/pg_tblspc/{tablespace.live} leads to .*{tablespace.location}, where no {VERSION} is: remove"
            self.refused(self.volume(IN_BOTH, tablespace), why)
        volume = self.volume(IN_BOTH)
        shutil.rmtree(volume.at("copy/tablespaces/101", VERSION))
        self.refused(volume, f"copy/data/pg_tblspc/101 leads to .*copy/tablespaces/101, where no {VERSION} is")

    def test_files_of_the_nodes_own_make_room(self) -> None:
        self.assertEqual(self.volume(IN_BOTH, MADE_AGAIN).run("swap-check"), {})

    def test_two_links_to_one_location_are_refused_because_its_owner_is_unknown(self) -> None:
        volume = self.volume(IN_THE_NODES)
        os.symlink(volume.at(IN_THE_NODES.location), volume.at("live/pg_tblspc/99"))
        self.refused(volume, "two links to .*ts/node")

    def test_a_location_of_the_copy_on_another_volume_is_refused(self) -> None:
        volume = self.volume(IN_THE_COPY._replace(location="../../../../../../proc/self/howdah/ts"))
        self.refused(volume, "tablespace 103 belongs in .*/proc/.*, which is on another volume than")

    def test_a_location_of_the_nodes_on_another_volume_is_refused(self) -> None:
        volume = self.volume()
        os.symlink("/proc/self", volume.at("live/pg_tblspc/105"))
        self.refused(volume, "/proc/self holds a tablespace, and is on another volume")

    def test_a_location_that_may_not_be_written_to_is_refused(self) -> None:
        volume = self.volume(IN_THE_COPY)
        with mock.patch("os.access", lambda *_: False):
            self.refused(volume, "tablespace 103 belongs in .*ts/deep/copy, and .* may not be written to")

    def test_a_location_that_moves_with_the_data_is_refused(self) -> None:
        for location in ("live/inner", "copy/inner", "previous/inner"):
            for tablespace in (IN_THE_COPY._replace(location=location), IN_THE_NODES._replace(location=location)):
                with self.subTest(tablespace):
                    volume = self.volume(tablespace)
                    self.refused(volume, f"{location} holds a tablespace, and is inside of .*, which is moved")

    def test_a_link_to_the_data_is_no_way_around_that(self) -> None:
        volume = self.volume(IN_THE_NODES._replace(location="live/inner"))
        os.symlink(volume.at("live"), volume.at("around"))
        link = volume.at("live/pg_tblspc", "104")
        os.unlink(link)
        os.symlink(volume.at("around/inner"), link)
        self.refused(volume, "around/inner holds a tablespace, and is inside of .*/live, which is moved")

    def test_a_pg_control_that_cannot_be_read_is_found_now_of_whichever_data(self) -> None:
        for of in ("live", "copy/data"):
            with self.subTest(of):
                volume = self.volume(IN_BOTH)
                os.unlink(volume.at(of, "PG_VERSION"))
                with self.assertRaises(FileNotFoundError):
                    volume.run("swap-check")
