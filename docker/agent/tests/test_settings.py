import os
from typing import Any
from unittest import mock

from howdah.data import roots
from howdah.recovery import copies, settings
from tests.support import TestCase

# As pg_controldata names them.
CONTROL_DATA = {
    "max_connections setting": "100",
    "max_worker_processes setting": "8",
    "max_wal_senders setting": "10",
    "max_prepared_xacts setting": "1000",
    "max_locks_per_xact setting": "64",
    "wal_level setting": "logical",
    "wal_log_hints setting": "on",
    "track_commit_timestamp setting": "on",
}


def target(kind: str, value: str = "") -> dict[str, Any]:
    return {"timeline": 3, "target": {"kind": kind, "value": value, "inclusive": True}}


class CopyTestCase(TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(mock.patch.stopall)
        mock.patch.object(roots, "ROOTS", mock.Mock(fullmatch=lambda root: root.startswith(self.root))).start()
        mock.patch.object(settings, "control_data", lambda _: CONTROL_DATA).start()
        self.copy = copies.Copy(self.path("copy"))
        for folder in (self.copy.directory, self.copy.private):
            os.makedirs(folder)


class SettingsTest(CopyTestCase):
    def settings(self, floors: dict[str, int] = settings.FLOORS, **changes: Any) -> dict[str, str]:
        request = {"port": 54320, "keepsWal": False, **target("END"), **changes}
        return settings.settings(self.copy, request, floors)

    def test_it_has_at_least_what_the_wal_asks_for_and_room_for_more(self) -> None:
        chosen = self.settings()
        self.assertEqual((chosen["max_connections"], chosen["max_prepared_transactions"]), ("500", "1000"))

    def test_without_floors_it_has_what_the_cluster_has(self) -> None:
        chosen = self.settings(dict.fromkeys(settings.FLOORS, 0))
        self.assertEqual((chosen["max_connections"], chosen["max_locks_per_transaction"]), ("100", "64"))

    def test_what_a_promotion_writes_into_the_wal_is_the_clusters(self) -> None:
        chosen = self.settings()
        self.assertEqual([chosen[name] for name in settings.KEPT], ["logical", "on", "on"])

    def test_it_listens_nowhere_and_archives_only_where_its_wal_is_kept(self) -> None:
        self.assertEqual((self.settings()["listen_addresses"], self.settings()["archive_mode"]), ("", "off"))
        self.assertEqual(self.settings(keepsWal=True)["archive_mode"], "on")

    def test_what_is_to_lead_keeps_the_wal_from_which_the_others_will_stream(self) -> None:
        kept = [self.settings(keepsWal=keeps)["wal_keep_size"] for keeps in (False, True)]
        self.assertEqual(kept, ["0", "1GB"])

    def test_each_kind_of_target_is_a_setting_of_its_own(self) -> None:
        for kind, name in (
            ("TIME", "recovery_target_time"),
            ("LSN", "recovery_target_lsn"),
            ("XID", "recovery_target_xid"),
            ("NAME", "recovery_target_name"),
        ):
            chosen = settings.target(target(kind, "it's"))
            self.assertEqual((chosen[name], chosen["recovery_target_timeline"]), ("it's", "3"))
        self.assertEqual(settings.target(target("IMMEDIATE"))["recovery_target"], "immediate")
        self.assertEqual(
            [name for name in settings.target(target("END")) if name.startswith("recovery_target_")][0:0], []
        )
        with self.assertRaisesRegex(SystemExit, "is no kind of target"):
            settings.target(target("WHENEVER"))

    def test_arguments_are_words_whatever_a_value_has_in_it(self) -> None:
        self.assertEqual(settings.arguments({"a": "b c", "d": ""}), ["-c", "a=b c", "-c", "d="])


class AutoConfTest(CopyTestCase):
    def test_what_alter_system_has_set_is_put_aside_and_back_again_as_it_was_before_barman(self) -> None:
        auto = self.put(
            "copy/data/postgresql.auto.conf",
            "work_mem = '8MB'\n"
            "#BARMAN#archive_command = 'howdah-archive-wal patroni %p'\n"
            "archive_command = false\n"
            "recovery_target_time = 'yesterday'\n"
            "restore_command = 'cp'\n"
            "primary_conninfo = 'host=db1'\n",
        )
        for _ in range(2):
            # A second start must not take the empty file for what was set.
            settings.put_aside(self.copy)
            self.assertEqual(self.read("copy/data/postgresql.auto.conf"), b"")
        settings.put_back(self.copy)
        with open(auto, encoding="utf-8") as file:
            self.assertEqual(file.read(), "work_mem = '8MB'\narchive_command = 'howdah-archive-wal patroni %p'\n")

    def test_one_that_was_never_served_keeps_what_it_has(self) -> None:
        self.put("copy/data/postgresql.auto.conf", "work_mem = '8MB'\n")
        settings.put_back(self.copy)
        self.assertEqual(self.read("copy/data/postgresql.auto.conf"), b"work_mem = '8MB'\n")
