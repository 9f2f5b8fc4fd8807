import os
from typing import Any, cast
from unittest import mock

from howdah.barman import catalogue, listing, reader
from howdah.barman.warm import WarmBarman
from tests.support import BarmanTestCase

LINES = [f"00000001000000000000000{number}\t16777216\t1795000000.0\tNone\n" for number in range(5)]
CATALOGUE = "home/patroni/wals/patroni-xlog.db"


class CatalogueTest(BarmanTestCase):
    def ask(self, position: int = 0, anchor: str = "", **more: int) -> dict[str, Any]:
        return catalogue.catalogue({"server": "patroni", "position": position, "anchor": anchor, **more})

    def test_it_goes_on_where_the_reader_was(self) -> None:
        self.put(CATALOGUE, "".join(LINES))
        answer = self.ask(len(LINES[0]), LINES[0].rstrip("\n"))
        self.assertEqual((answer["data"], answer["rewritten"]), ("".join(LINES[1:]), False))
        self.assertEqual(answer["next"], len("".join(LINES)))

    def test_a_rewritten_file_begins_again(self) -> None:
        self.put(CATALOGUE, "".join(LINES[2:]))
        answer = self.ask(len(LINES[0]), LINES[0].rstrip("\n"))
        self.assertEqual((answer["position"], answer["rewritten"], answer["data"]), (0, True, "".join(LINES[2:])))
        self.assertEqual(self.ask(10_000)["position"], 0)

    def test_a_line_that_is_being_written_is_left_for_the_next_time(self) -> None:
        self.put(CATALOGUE, LINES[0] + LINES[1][:10])
        self.assertEqual(self.ask()["data"], LINES[0])
        self.assertEqual(self.ask(limit=len(LINES[0]) + 5)["next"], len(LINES[0]))

    def test_a_file_that_is_not_there_is_empty(self) -> None:
        self.assertEqual((self.ask(5)["size"], self.ask(5)["rewritten"], self.ask()["rewritten"]), (0, True, False))


class DirectoriesTest(BarmanTestCase):
    def test_transfers_on_their_way_are_not_told(self) -> None:
        self.put("home/patroni/incoming/.howdah-x", "")
        self.put("home/patroni/incoming/b", "12")
        self.put("home/patroni/incoming/a", "1")
        found = listing.files(self.server.incoming)
        self.assertEqual([(file["name"], file["size"]) for file in found], [("a", 1), ("b", 2)])

    def test_records_and_keeps_of_older_and_newer_barmans_are_found(self) -> None:
        self.put("home/patroni/base/OLD/backup.info", "")
        self.put("home/patroni/base/OLD/annotations/keep", "")
        self.put("home/patroni/meta/NEW-backup.info", "")
        self.put("home/patroni/meta/NEW-keep", "")
        self.assertEqual(set(listing.backups(self.server)), {"OLD", "NEW"})
        self.assertEqual(set(listing.keeps(self.server)), {"OLD", "NEW"})

    def test_a_file_with_two_names_counts_once(self) -> None:
        path = self.put("tree/a", b"x" * 10_000)
        os.link(path, self.path("tree/b"))
        self.assertEqual(listing.bytes_below(self.path("tree")), os.stat(path).st_blocks * 512)


class ReaderTest(BarmanTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.barman = mock.Mock(**{"run.return_value": (0, "{}", "")})
        self.reader = reader.Reader(cast(WarmBarman, self.barman))

    def answer(self, request: reader.Request) -> dict[str, Any]:
        with mock.patch.object(reader, "say") as say:
            self.reader.answer(request)
        answer: dict[str, Any] = say.call_args[0][0]
        return answer

    def test_what_only_reads_is_asked_of_barman(self) -> None:
        answer = self.answer({"id": 1, "op": "barman", "args": ["list-backups", "patroni"]})
        self.assertEqual(answer, {"id": 1, "ok": True, "result": {"exitCode": 0, "stdout": "{}", "stderr": ""}})
        self.barman.run.assert_called_once_with(["-f", "json", "list-backups", "patroni"], 120)

    def test_what_could_change_anything_is_refused(self) -> None:
        for args in (
            ["delete", "patroni", "1"],
            ["show-backup", "-c", "/tmp/x"],
            ["show-backup", "--config=/x"],
            ["check", 1],
        ):
            answer = self.answer({"id": 1, "op": "barman", "args": args})
            self.assertEqual((answer["ok"], answer["error"]), (False, "only reading is allowed here"), args)
        self.barman.run.assert_not_called()

    def test_every_request_gets_an_answer(self) -> None:
        self.assertEqual(self.answer({"id": 2, "op": "nonsense"})["error"], "KeyError: 'nonsense'")
        self.assertIn("Barman knows no server", self.answer({"id": 3, "op": "disk", "server": "x"})["error"])

    def test_what_is_no_json_object_is_no_request(self) -> None:
        self.assertEqual([reader.parse(line) for line in ("x", "[]", '"op"')], [None, None, None])
        self.assertEqual(reader.parse('{"op": "ping"}'), {"op": "ping"})
