import os
from unittest import mock

from howdah.data import archiving
from howdah.refusal import KILLED, Refusal
from tests.support import TestCase

FIRST, SECOND = "000000010000000000000003", "000000010000000000000004"
STATUS = "data/pg_wal/archive_status"


class HandOverTest(TestCase):
    """Two segments wait for an archive that is a directory."""

    def setUp(self) -> None:
        super().setUp()
        os.makedirs(self.path("archive"))
        for name in (FIRST, SECOND):
            self.put(f"data/pg_wal/{name}", name)
            self.put(f"{STATUS}/{name}.ready", "")
        self.put(f"{STATUS}/000000010000000000000002.done", "")
        self.configure(f"cp %p '{self.path('archive')}/%f'")

    def configure(self, command: str) -> None:
        self.put("command", f"{command}\n")
        expected = f"-C archive_command -D {self.path('data')}"
        script = f"""[ "$*" = '{expected}' ] || exit 9\ncat '{self.path("command")}'"""
        self.install("postgres", f"#!/bin/sh\n{script}\n")

    def hand_over(self) -> list[str]:
        return archiving.hand_over_wal(self.path("data"))["handedOver"]

    def archived(self) -> list[str]:
        return sorted(os.listdir(self.path("archive")))

    def status(self) -> list[str]:
        return sorted(os.listdir(self.path(STATUS)))[1:]

    def test_what_waits_is_handed_over_by_the_nodes_own_command_and_noted_as_the_archiver_does(self) -> None:
        self.assertEqual(self.hand_over(), [FIRST, SECOND])
        self.assertEqual(self.archived(), [FIRST, SECOND])
        self.assertEqual(self.status(), [f"{FIRST}.done", f"{SECOND}.done"])
        self.assertEqual(self.hand_over(), [])

    def test_the_command_is_filled_in_as_postgresql_does_it(self) -> None:
        self.configure(f"""echo '%p %f %%p %%' >> '{self.path("said")}'""")
        self.hand_over()
        self.assertEqual(self.read("said").decode().splitlines()[0], f"pg_wal/{FIRST} {FIRST} %p %")

    def test_what_was_handed_over_before_one_fails_stays_so_and_the_rest_follows_later(self) -> None:
        self.configure(f"[ %f = {FIRST} ] && cp %p '{self.path('archive')}'")
        with self.assertRaisesRegex(Refusal, f"archive_command for {SECOND} failed") as refused:
            self.hand_over()
        self.assertEqual(refused.exception.exit_code, 1)
        self.assertEqual(self.status(), [f"{FIRST}.done", f"{SECOND}.ready"])
        self.configure(f"cp %p '{self.path('archive')}'")
        self.assertEqual(self.hand_over(), [SECOND])

    def test_what_was_handed_over_and_not_noted_is_handed_over_again(self) -> None:
        with mock.patch("os.rename", side_effect=InterruptedError), self.assertRaises(InterruptedError):
            self.hand_over()
        self.assertEqual((self.archived(), self.status()), ([FIRST], [f"{FIRST}.ready", f"{SECOND}.ready"]))
        self.assertEqual(self.hand_over(), [FIRST, SECOND])

    def test_a_command_that_is_killed_is_told_as_its_own_end_would_be(self) -> None:
        self.configure("kill -9 $$")
        with self.assertRaises(Refusal) as refused:
            self.hand_over()
        self.assertEqual(refused.exception.exit_code, KILLED)

    def test_a_configuration_that_cannot_be_read_is_refused(self) -> None:
        self.install("postgres", "#!/bin/sh\nexit 2\n")
        with self.assertRaisesRegex(Refusal, "postgres -C archive_command failed: exit code 2"):
            self.hand_over()
