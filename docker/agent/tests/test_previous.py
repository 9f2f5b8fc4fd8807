import os
import re
import threading
from unittest import mock

from howdah import files
from howdah.data import previous, roots
from howdah.refusal import Refusal
from tests.support import TestCase, wait_for


class PreviousTest(TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(mock.patch.stopall)
        mock.patch.object(roots, "ROOTS", mock.Mock(fullmatch=lambda root: root.startswith(self.root))).start()
        self.put("patroni1.previous-r1/data/PG_VERSION", "17\n")
        self.put("patroni1/PG_VERSION", "17\n")

    def names(self) -> list[str]:
        return sorted(os.listdir(self.root))

    def remove(self, name: str = "patroni1.previous-r1") -> None:
        self.assertEqual(previous.remove_previous(self.path(name)), {})

    def test_what_was_put_aside_is_removed_and_nothing_else(self) -> None:
        for _ in range(2):
            self.remove()
            self.assertEqual(self.names(), ["patroni1"])

    def test_a_removal_that_was_cut_short_is_completed_and_one_before_it_too(self) -> None:
        self.put("patroni1.previous-r1.gone/half", "")
        with mock.patch.object(previous, "remove", side_effect=[None, InterruptedError]):
            with self.assertRaises(OSError):
                self.remove()
        self.assertIn("patroni1.previous-r1", self.names())
        self.remove()
        self.assertEqual(self.names(), ["patroni1"])

    def test_cut_short_after_its_rename_nothing_by_that_name_is_left_to_be_taken_for_data(self) -> None:
        with mock.patch.object(previous, "remove", side_effect=[None, InterruptedError]):
            with self.assertRaises(InterruptedError):
                self.remove()
        self.assertEqual(self.names(), ["patroni1", "patroni1.previous-r1.gone"])
        self.remove()
        self.assertEqual(self.names(), ["patroni1"])

    def test_a_swap_that_is_under_way_is_waited_for(self) -> None:
        with files.locked(self.root):
            removal = threading.Thread(target=self.remove)
            removal.start()
            wait_for("it to wait", lambda: re.search(f"-> FLOCK .* {os.getpid()} ", files.read("/proc/locks") or ""))
            self.assertIn("patroni1.previous-r1", self.names())
        removal.join()
        self.assertEqual(self.names(), ["patroni1"])

    def test_data_in_service_is_not_removed(self) -> None:
        for name in ("patroni1", "patroni1.recovery-r1", "x.previous-r1/data"):
            with self.assertRaisesRegex(Refusal, "is no previous data"):
                previous.remove_previous(self.path(name))
        mock.patch.stopall()
        with self.assertRaisesRegex(Refusal, "is no place for"):
            previous.remove_previous("/etc/x.previous-r1")

    def test_its_size_is_what_it_takes_of_the_volume(self) -> None:
        self.put("patroni1.previous-r1/data/base", b"x" * 100_000)
        self.assertGreaterEqual(previous.size(self.path("patroni1.previous-r1"))["bytes"], 100_000)

    def test_a_size_that_cannot_be_told_is_refused(self) -> None:
        with self.assertRaisesRegex(Refusal, "du failed: .*nowhere"):
            previous.size(self.path("nowhere"))
