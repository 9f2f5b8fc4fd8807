import os
from unittest import mock

from howdah.recovery import proving
from howdah.wal import archive_client
from howdah.wal.names import position_of
from tests.support import TestCase

SIZE = 1 << 24
# As pg_waldump goes on: records of 0x40 bytes from where it is told to start, and one in eight ends a transaction. It
# takes -s, -e, -n and -r, and has no end of its own. Of what is named (FORGED) the lines are printed as they are.
WALDUMP = r"""#!/usr/bin/env python3
import os, sys
options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
high, low = (int(part, 16) for part in options["-s"].split("/"))
start, count, only = (high << 32) + low, int(options.get("-n", -1)), options.get("-r")
end = int(options.get("-e", "0/FFFFFFFF").split("/")[1], 16)
at, _, forged = os.environ.get("FORGED", "").partition(" ")
lsn = -(-start // 0x40) * 0x40
print("first record is after somewhere, skipping some bytes")
try:
    while count and lsn < end:
        commits = lsn // 0x40 % 8 == 0
        rmgr, said = ("Transaction", "COMMIT 2026-11-28 19:32:58.681437 UTC") if commits else ("Heap", "INSERT off: 1")
        if only in (None, rmgr):
            here, before = (f"{each >> 32:X}/{each & 0xFFFFFFFF:08X}" for each in (lsn, lsn - 0x40))
            said += f' prefix "\n{forged}"' if here == at else ""
            head = f"rmgr: {rmgr} len (rec/tot):     34/    34, tx:        739"
            print(f"{head}, lsn: {here}, prev {before}, desc: {said}")
            count -= 1
        lsn += 0x40
except BrokenPipeError:
    sys.stderr.close()
"""


def line(lsn: str, previous: str, said: str) -> str:
    return f"rmgr: Transaction len (rec/tot):     34/    34, tx:        739, lsn: {lsn}, prev {previous}, desc: {said}"


class ProvingTest(TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.install("pg_waldump", WALDUMP)
        self.addCleanup(mock.patch.stopall)
        mock.patch.object(archive_client, "Archive").start()
        self.archive = proving.Archive("patroni", self.root)
        self.archive.size = SIZE
        self.has(*range(16))

    def has(self, *segments: int) -> None:
        mock.patch.object(self.archive, "has", lambda segment: segment in segments).start()

    def test_the_last_record_is_the_one_that_begins_before_however_much_follows(self) -> None:
        for position, last in (("0/3000140", "0/03000100"), ("0/3000141", "0/03000140"), ("0/4000000", "0/03FFFFC0")):
            with self.subTest(position):
                record = proving.look_back(self.archive, position_of(position))
                self.assertEqual(record and record["lsn"], last)

    def test_a_segment_that_the_archive_lacks_tells_nothing(self) -> None:
        self.has()
        self.assertIsNone(proving.look_back(self.archive, position_of("0/3000140")))
        self.assertEqual(proving.look_ahead(self.archive, position_of("0/3000140"), True), (None, None, None))

    def test_what_comes_next_is_the_first_and_where_it_is_asked_for_the_next_that_ends_a_transaction(self) -> None:
        for until, end in ((False, None), (True, "0/03000200")):
            following, transaction, _ = proving.look_ahead(self.archive, position_of("0/3000140"), until)
            self.assertEqual(following and following["lsn"], "0/03000140")
            self.assertEqual(transaction and transaction["lsn"], end)

    def test_what_follows_in_a_history_that_was_left_is_not_told(self) -> None:
        self.archive.left_at = position_of("0/3000140")
        self.assertEqual(proving.look_ahead(self.archive, position_of("0/3000140"), False)[0], None)
        record = proving.look_back(self.archive, position_of("0/3000400"))
        self.assertEqual(record and record["lsn"], "0/03000100")

    def test_a_line_that_a_user_has_named_something_is_no_record_and_ends_nothing(self) -> None:
        """Of where no record begins; of one that says something else; of one in a history that was left."""
        commit = "COMMIT 2026-11-28 10:00:00.000000 UTC"
        for lsn, previous in (("0/03000FFF", "0/030000C0"), ("0/03000180", "0/03000140"), ("F/03000FFF", "0/030000C0")):
            with self.subTest(lsn):
                os.environ["FORGED"] = f"0/03000100 {line(lsn, previous, commit)}"
                record = proving.look_back(self.archive, position_of("0/3000180"))
                self.assertEqual(record and record["lsn"], "0/03000140")
                _, transaction, _ = proving.look_ahead(self.archive, position_of("0/30000C0"), True)
                self.assertEqual(transaction and transaction["lsn"], "0/03000200")

    def test_a_line_of_a_record_before_is_not_the_last_one(self) -> None:
        os.environ["FORGED"] = f"0/03000140 {line('0/03000145', '0/03000140', 'COMMIT 2026-11-28 10:00:00 UTC')}"
        record = proving.look_back(self.archive, position_of("0/3000180"))
        self.assertEqual((record and record["lsn"], record and record["time"]), ("0/03000140", None))

    def test_a_line_of_a_history_that_was_left_ends_nothing(self) -> None:
        self.archive.left_at = position_of("0/3000180")
        os.environ["FORGED"] = f"0/03000100 {line('0/03000FC0', '0/03000F80', 'INSERT off: 1')}"
        record = proving.look_back(self.archive, position_of("0/3000400"))
        self.assertEqual(record and record["lsn"], "0/03000140")

    def test_a_search_that_is_given_up_is_told_from_one_that_comes_to_the_end_of_the_archive(self) -> None:
        mock.patch.object(proving, "AHEAD", 3).start()
        mock.patch.object(self.archive, "is_own", lambda _: False).start()
        mock.patch.object(self.archive, "records", lambda *_: iter(())).start()
        for segments, gave_up_at in ((range(3, 7), "0/6000000"), (range(3, 6), None), (range(3, 5), None)):
            with self.subTest(segments):
                self.has(*segments)
                ahead = proving.look_ahead(self.archive, position_of("0/3000140"), True)
                self.assertEqual(ahead, (None, None, gave_up_at))

    def test_no_more_than_two_segments_lie_there_at_a_time(self) -> None:
        held: list[int] = []

        def fetch(_: str, target: str) -> bool:
            self.put(target, "")
            held.append(len([name for name in os.listdir(self.root) if name.startswith(proving.LABEL)]))
            return True

        mock.patch.stopall()
        self.archive.history = [(1, 0, None)]
        with mock.patch.object(proving, "AHEAD", 5), mock.patch.object(self.archive, "fetch", fetch):
            with mock.patch.object(self.archive, "records", lambda *_: iter(())):
                proving.look_ahead(self.archive, position_of("0/3000140"), True)
        self.assertEqual(held, [1, 2, 2, 2, 2, 2])
