import contextlib
import io
import os
from unittest import mock

from howdah.archive import settle_duplicates
from howdah.barman import settle_backup
from tests.support import SIZE, BarmanTestCase, segment

NAME = "000000010000000000000003"
FIRST, SECOND = "20261128T100000", "20261128T110000"


class SettleDuplicatesTest(BarmanTestCase):
    def settle(self, filed: bytes, aside: bytes, mark: str = "") -> bool:
        """Whether what was set aside is removed."""
        self.put(f"home/patroni/wals/{NAME[:16]}/{NAME}", filed)
        path = self.put(f"home/patroni/errors/{NAME}{mark}.20261128T100000Z.duplicate", aside)
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            settle_duplicates.settle(self.server)
        return not os.path.exists(path)

    def test_a_true_copy_is_removed(self) -> None:
        self.install_waldump()
        self.assertTrue(self.settle(segment(NAME), segment(NAME)))

    def test_a_copy_that_differs_after_its_switch_record_is_removed(self) -> None:
        self.install_waldump("rmgr: XLOG  len (rec/tot): 24/24, tx: 0, lsn: 0/00300200, prev 0/00300100, desc: SWITCH ")
        self.assertTrue(self.settle(segment(NAME), segment(NAME)[: 0x200 + 24].ljust(SIZE, b"\0")))
        self.assertFalse(self.settle(segment(NAME), segment(NAME)[: 0x200 + 23].ljust(SIZE, b"\0")))

    def test_what_differs_in_wal_stays_for_a_person(self) -> None:
        self.install_waldump()
        self.assertFalse(self.settle(segment(NAME), segment(NAME, fill=b"y")))

    def test_a_partial_one_is_removed_whatever_follows_its_wal(self) -> None:
        self.assertTrue(self.settle(segment(NAME), segment(NAME, pages=1), ".partial"))

    def test_what_cannot_be_compared_stays(self) -> None:
        self.install_waldump()
        self.assertFalse(self.settle(b"\x1f\x8b\x08damage", segment(NAME)))


class SettleBackupTest(BarmanTestCase):
    def backup(
        self, backup: str, links: list[str], named: list[str], status: str = "DONE", parent: str = "None"
    ) -> None:
        """A backup with links for these tablespaces, of which backup.info names some."""
        tablespaces = [(f"ts{oid}", int(oid), f"/v/{oid}") for oid in named] or None
        info = f"status={status}\ntablespaces={tablespaces}\nparent_backup_id={parent}\n"
        self.put(f"home/patroni/meta/{backup}-backup.info", info)
        folder = self.path(f"home/patroni/base/{backup}/data/pg_tblspc")
        # In place: a directory of the data.
        os.makedirs(os.path.join(folder, "999"))
        for oid in links:
            os.symlink(f"/nowhere/{oid}", os.path.join(folder, oid))

    def links(self, backup: str) -> list[str]:
        return sorted(os.listdir(self.path(f"home/patroni/base/{backup}/data/pg_tblspc")))

    def settle(self, *arguments: str, **environment: str) -> str:
        """What it says."""
        said = io.StringIO()
        argv = mock.patch("sys.argv", ["howdah-settle-backup", *arguments])
        with contextlib.redirect_stderr(said), argv, mock.patch.dict(os.environ, environment):
            settle_backup.main()
        return said.getvalue()

    def test_a_link_to_what_was_made_while_the_backup_was_taken_goes_in_its_parents_too_and_the_rest_stays(
        self,
    ) -> None:
        self.backup(FIRST, ["1", "2"], ["1"])
        self.backup(SECOND, ["1", "3"], ["1"], parent=FIRST)
        with mock.patch("os.execvp") as become:
            said = self.settle("patroni", SECOND, "barman", "recover")
        become.assert_called_once_with("barman", ["barman", "recover"])
        self.assertEqual((self.links(FIRST), self.links(SECOND)), (["1", "999"], ["1", "999"]))
        self.assertIn(f"howdah-settle-backup: {SECOND}: tablespace 3 (/nowhere/3) was made while it was taken", said)

    def test_a_restore_that_has_no_place_for_a_tablespace_does_not_begin(self) -> None:
        self.backup(FIRST, [], ["1", "2"])
        restore = ["barman", "restore", "--tablespace=ts1:/copy/1", "patroni", FIRST, "/copy/data"]
        with mock.patch("os.execvp") as become:
            with self.assertRaisesRegex(SystemExit, "no place for tablespace ts2"):
                self.settle("patroni", FIRST, *restore)
            become.assert_not_called()
            self.settle("patroni", FIRST, *restore[:2], "--tablespace=ts2:/copy/2", *restore[2:])
            become.assert_called_once()

    def test_as_barmans_own_script_it_settles_the_backup_that_has_just_been_made(self) -> None:
        self.backup(FIRST, ["1"], [])
        self.settle(BARMAN_SERVER="patroni", BARMAN_BACKUP_ID=FIRST)
        self.assertEqual(self.links(FIRST), ["999"])

    def test_a_backup_that_failed_stays_as_it_is(self) -> None:
        self.backup(FIRST, ["1"], [], status="FAILED")
        self.settle(BARMAN_SERVER="patroni", BARMAN_BACKUP_ID=FIRST)
        self.assertEqual(self.links(FIRST), ["1", "999"])

    def test_an_older_barman_has_its_record_beside_the_data(self) -> None:
        self.backup(FIRST, ["1"], [])
        os.rename(
            self.path(f"home/patroni/meta/{FIRST}-backup.info"), self.path(f"home/patroni/base/{FIRST}/backup.info")
        )
        self.settle(BARMAN_SERVER="patroni", BARMAN_BACKUP_ID=FIRST)
        self.assertEqual(self.links(FIRST), ["999"])

    def test_what_is_no_id_of_a_backup_is_refused(self) -> None:
        with self.assertRaisesRegex(SystemExit, "is no id of a backup"):
            self.settle("patroni", "../x", "true")
