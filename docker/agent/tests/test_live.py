import os

from howdah.data import live
from howdah.refusal import Refusal
from tests.support import TestCase

FILES = '{ "PostgreSQL-Backup-Manifest-Version": 2,\n"Files": [\n{ "Path": "PG_VERSION", "Size": 3 }\n],\n'


class LiveTest(TestCase):
    def setUp(self) -> None:
        super().setUp()
        os.environ[live.VARIABLE] = self.path("data")

    def test_the_directory_is_the_one_that_patroni_is_told(self) -> None:
        self.assertEqual(live.live_directory(), {"directory": self.path("data")})
        del os.environ[live.VARIABLE]
        with self.assertRaisesRegex(Refusal, "PATRONI_POSTGRESQL_DATA_DIR is not set"):
            live.live_directory()

    def test_the_origin_of_data_is_the_checksum_at_the_end_of_its_manifest(self) -> None:
        manifests: list[tuple[str, str | None, str | None]] = [
            ("none", None, None),
            ("a whole one", FILES + '"Manifest-Checksum": "0a1b2c"}\n', "0a1b2c"),
            ("a large one", FILES * 1000 + '"Manifest-Checksum": "0a1b2c"}\n', "0a1b2c"),
            ("one that is being written", FILES + '{ "Path": "base/1/1', None),
            ("one whose last line is being written", FILES + '"Manifest-Checksum": "0a1b', None),
            ("an empty one", "", None),
        ]
        for what, manifest, checksum in manifests:
            with self.subTest(what):
                if manifest is not None:
                    self.put("data/backup_manifest", manifest)
                self.assertEqual(live.origin(), {"checksum": checksum})
