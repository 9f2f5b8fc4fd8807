import os
import shutil
from unittest import mock

from howdah import files
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


class LastingTest(RunitTestCase):
    """What keeps it down outlasts the container: the next one has the image's link and the same volume."""

    def replace_container(self) -> None:
        shutil.rmtree(self.path("runit/patroni"))
        os.makedirs(self.path("runit/patroni"))
        os.symlink(patroni.lasting(), patroni.down())
        self.start_container()

    def start_container(self) -> None:
        self.assertEqual(patroni.settle_down(), {})

    def test_it_stays_down_in_the_next_container_for_an_operation_and_for_a_person(self) -> None:
        for by in (ID, "", "me, until monday\nthen not\n"):
            with self.subTest(by):
                self.keep_down(by)
                self.replace_container()
                self.assertEqual(self.down(), by)
                self.assertEqual(patroni.kept_down_by(), {"by": by.partition("\n")[0].strip()})
                patroni.release()

    def test_an_operation_keeps_it_down_for_the_next_container_and_starts_it_there(self) -> None:
        patroni.keep_down(ID.strip())
        self.replace_container()
        self.assertEqual(patroni.kept_down_by(), {"by": ID.strip()})
        self.assertEqual(patroni.start_patroni(), {"stopping": False})
        self.replace_container()
        self.assertIsNone(self.down())

    def test_what_is_there_stays_as_it_is(self) -> None:
        self.keep_down("me\n")
        patroni.keep_down(ID.strip())
        self.assertEqual(self.down(), "me\n")
        self.replace_container()
        self.assertEqual(self.down(), "me\n")

    def test_what_a_person_has_removed_comes_back_in_no_container(self) -> None:
        self.keep_down(ID)
        os.unlink(patroni.down())
        self.assertEqual(patroni.kept_down_by(), {"by": None})
        self.start_container()
        self.replace_container()
        self.assertIsNone(self.down())

    def test_what_a_person_has_moved_there_is_on_the_volume_from_the_next_start_on(self) -> None:
        self.keep_down(ID)
        self.put("mine", "me\n")
        os.rename(self.path("mine"), patroni.down())
        self.assertEqual(patroni.kept_down_by(), {"by": "me"})
        self.start_container()
        self.assertTrue(os.path.islink(patroni.down()))
        self.replace_container()
        self.assertEqual(self.down(), "me\n")

    def test_an_operation_takes_nothing_from_a_person_who_has_removed_or_moved(self) -> None:
        os.unlink(patroni.down())
        patroni.keep_down(ID.strip())
        self.replace_container()
        self.assertEqual(self.down(), ID)
        os.unlink(patroni.down())
        self.put("runit/patroni/down", "me\n")
        patroni.keep_down(ID.strip())
        self.assertEqual(self.down(), "me\n")

    def test_cut_short_anywhere_it_ends_the_same_when_it_is_done_again(self) -> None:
        for name in ("write", "relink", "sync"):
            with self.subTest(name):
                os.unlink(patroni.down())
                self.put("runit/patroni/down", "me\n")
                with mock.patch.object(files, name, side_effect=OSError("no space")):
                    self.assertRaises(OSError, patroni.settle_down)
                self.replace_or_restart()
                self.assertEqual(self.down(), "me\n")

    def replace_or_restart(self) -> None:
        self.start_container()
        self.replace_container()

    def test_a_link_that_leads_elsewhere_is_set_right(self) -> None:
        os.unlink(patroni.down())
        os.symlink(self.path("elsewhere"), patroni.down())
        self.start_container()
        self.assertEqual(os.readlink(patroni.down()), patroni.lasting())
