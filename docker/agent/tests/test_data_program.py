import importlib
import json
import os
import subprocess

from howdah.data import cli, live
from tests.support import AGENT, TestCase

PROGRAM = os.path.join(AGENT, "bin/howdah-data")


class DataProgramTest(TestCase):
    def run_program(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=60, check=False)

    def test_an_answer_is_one_line_of_json(self) -> None:
        os.environ[live.VARIABLE] = "/data"
        said = self.run_program("live-directory")
        self.assertEqual((said.returncode, said.stderr), (0, ""))
        self.assertEqual((json.loads(said.stdout), said.stdout.count("\n")), ({"directory": "/data"}, 1))

    def test_a_refusal_is_exit_code_1_and_why(self) -> None:
        for arguments, why in (
            (["remove-previous", "/etc"], "/etc is no previous data"),
            (["swap", "{}"], '{} is not {"live": str, "copy": str, "previous": str}'),
            (["hand-over-wal", "/no/such/directory"], "[Errno 2] No such file or directory: '/no/such/directory'"),
        ):
            with self.subTest(arguments):
                said = self.run_program(*arguments)
                self.assertEqual((said.returncode, said.stdout, said.stderr), (1, "", f"howdah-data: {why}\n"))

    def test_a_program_that_it_runs_and_that_is_killed_ends_it_as_if_it_were_killed_itself(self) -> None:
        self.install("pg_controldata", "#!/bin/sh\nkill -9 $$\n")
        self.assertEqual(self.run_program("control", "/data").returncode, 137)

    def test_what_is_not_asked_as_it_should_be_is_told_how(self) -> None:
        for arguments in ([], ["swap"], ["origin", "x"], ["swap", "{}", "{}"], ["main"], ["no-such-verb"], ["--help"]):
            with self.subTest(arguments):
                said = self.run_program(*arguments)
                self.assertEqual((said.returncode, said.stdout), (1, ""))
                self.assertIn("howdah-data swap-back JSON", said.stderr)

    def test_every_verb_is_there_and_told_of(self) -> None:
        for verb, module in {**cli.WITH_ARGUMENT, **cli.WITHOUT}.items():
            with self.subTest(verb):
                answer = getattr(importlib.import_module(f"howdah.data.{module}"), verb.replace("-", "_"))
                self.assertTrue(callable(answer))
                self.assertIn(f"howdah-data {verb} ", f"{cli.__doc__}")
