import json

from howdah.data import history
from howdah.refusal import Refusal
from tests.support import TestCase


class HistoryTest(TestCase):
    def ask(self, timeline: object) -> dict[str, object]:
        return history.history(json.dumps({"directory": self.path("data"), "timeline": timeline}))

    def test_a_timeline_tells_which_were_left_for_it_where_and_why(self) -> None:
        text = "1\t0/9000000\tno recovery target specified\n# by hand\n\n11\t1/A0\tbefore 2026\tand so on\n12\t1/B0\n"
        self.put("data/pg_wal/0000001F.history", text)
        rows = [(1, "0/9000000", "no recovery target specified"), (11, "1/A0", "before 2026"), (12, "1/B0", "")]
        left = [{"timeline": timeline, "lsn": lsn, "reason": reason} for timeline, lsn, reason in rows]
        self.assertEqual(self.ask(31), {"left": left})

    def test_one_without_a_history_is_refused(self) -> None:
        with self.assertRaisesRegex(Refusal, "there is no .*/00000002.history"):
            self.ask(2)

    def test_a_timeline_is_a_number(self) -> None:
        for timeline in ("2", None, True, 2.0):
            with self.assertRaisesRegex(Refusal, 'is not {"directory": str, "timeline": int}'):
                self.ask(timeline)
