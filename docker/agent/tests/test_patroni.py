from howdah.data import patroni
from howdah.refusal import Refusal
from tests.runit import RunitTestCase

ID = "20261128T100000000-abc123\n"


class KeptDownTest(RunitTestCase):
    def test_who_keeps_it_down_is_the_first_line_of_the_file(self) -> None:
        rows = [(ID, ID.strip()), ("", ""), ("me, until monday\nthen not\n", "me, until monday")]
        self.assertEqual(patroni.kept_down_by(), {"by": None})
        for text, by in rows:
            with self.subTest(text):
                self.keep_down(text)
                self.assertEqual(patroni.kept_down_by(), {"by": by})

    def test_it_is_started_where_it_is_up_and_stays_so(self) -> None:
        rows = [("run", None, True), ("term", None, True), ("down", None, False), ("run", ID, False)]
        for state, down, started in rows:
            with self.subTest((state, down)):
                self.is_in(state)
                if down:
                    self.keep_down(down)
                self.assertEqual(patroni.patroni_started(), {"started": started})

    def test_what_supervises_nothing_has_not_started_it(self) -> None:
        self.is_away(1)
        self.assertEqual(patroni.patroni_started(), {"started": False})


class StartTest(RunitTestCase):
    def test_it_is_started_wherever_it_is_kept_down_and_once_more(self) -> None:
        for state in ("down", "run"):
            self.is_in(state)
            self.keep_down(ID)
            self.assertEqual(patroni.start_patroni(), {"stopping": False})
            self.assertEqual((patroni.patroni_started(), self.down()), ({"started": True}, None))

    def test_one_that_was_asked_to_stop_and_has_not_is_left_as_it_is(self) -> None:
        self.is_in("term")
        self.keep_down(ID)
        self.assertEqual(patroni.start_patroni(), {"stopping": True})
        self.assertEqual(self.down(), ID)
        self.assertEqual(self.asked(), [])

    def test_a_container_that_has_just_been_started_is_waited_for(self) -> None:
        self.is_in("down")
        self.is_away(5)
        self.assertEqual(patroni.start_patroni(), {"stopping": False})
        self.assertEqual(self.asked(), ["up"])

    def test_where_it_does_not_start_the_words_of_runit_say_why(self) -> None:
        self.is_in("down")
        self.fails_to_start("runsv not running")
        with self.assertRaisesRegex(Refusal, "sv up failed: runsv not running"):
            patroni.start_patroni()

    def test_what_has_ended_already_can_be_ended(self) -> None:
        for state in ("term", "down"):
            self.is_in(state)
            self.assertEqual(patroni.end_patroni(), {})
            self.assertFalse(patroni.is_up())
