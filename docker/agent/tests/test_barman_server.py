import os
from unittest import mock

from howdah.barman import server
from howdah.barman.server import Server
from tests.support import TestCase


class ServerTest(TestCase):
    def server(self, text: str, *more: str, name: object = "patroni") -> Server:
        files = [self.put(f"{number}.conf", part) for number, part in enumerate((text, *more))]
        with mock.patch.object(server, "CONFIGURATION", files):
            return Server(name)

    def test_everything_lies_below_the_home_by_default(self) -> None:
        found = self.server("[barman]\nbarman_home = /data\n", "[patroni]\n")
        self.assertEqual(found.directory, "/data/patroni")
        for folder in ("base", "meta", "incoming", "streaming", "errors", "wals"):
            self.assertEqual(getattr(found, folder), f"/data/patroni/{folder}")
        self.assertEqual((found.catalogue, found.opaque), ("/data/patroni/wals/patroni-xlog.db", False))

    def test_each_directory_can_be_set(self) -> None:
        found = self.server(
            "[barman]\nbarman_home = /data\n"
            "[patroni]\nbackup_directory = /other\n"
            "wals_directory = /wals ; on another disk\n"
            "incoming_wals_directory = /in\n"
            "streaming_wals_directory = /stream\n"
            "xlogdb_directory = /catalogue\n"
        )
        self.assertEqual((found.base, found.wals, found.incoming), ("/other/base", "/wals", "/in"))
        self.assertEqual((found.streaming, found.catalogue), ("/stream", "/catalogue/patroni-xlog.db"))

    def test_percent_signs_are_no_variables(self) -> None:
        self.assertEqual(self.server("[barman]\nbarman_home = /a%b\n[patroni]\n").directory, "/a%b/patroni")

    def test_an_older_barman_has_another_catalogue(self) -> None:
        home = self.path("home")
        os.makedirs(self.path("home/patroni/wals"))
        older = self.put("home/patroni/wals/xlog.db", "")
        configuration = f"[barman]\nbarman_home = {home}\n[patroni]\n"
        self.assertEqual(self.server(configuration).catalogue, older)
        current = self.put("home/patroni/wals/patroni-xlog.db", "")
        self.assertEqual(self.server(configuration).catalogue, current)

    def test_only_barman_can_read_what_programs_of_the_users_own_have_compressed_or_encrypted(self) -> None:
        for globally, own, opaque in (
            ("", "compression = custom", True),
            ("compression = custom", "", True),
            ("compression = custom", "compression = gzip", False),
            ("", "encryption = gpg", True),
            ("compression = zstd", "", False),
        ):
            found = self.server(f"[barman]\nbarman_home = /data\n{globally}\n[patroni]\n{own}\n")
            self.assertEqual(found.opaque, opaque, (globally, own))

    def test_a_server_that_barman_does_not_know_is_an_error(self) -> None:
        for name in ("unknown", "barman", None, ["patroni"]):
            with self.assertRaisesRegex(ValueError, "Barman knows no server"):
                self.server("[barman]\nbarman_home = /data\n[patroni]\n", name=name)
