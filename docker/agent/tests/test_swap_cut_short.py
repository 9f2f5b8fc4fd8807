import functools
import os
import shutil
from collections.abc import Sequence
from typing import NamedTuple

from tests.volume import ALL, CHANGES, IN_BOTH, STEPS, WIPED, WIPED_AND_IN_THE_COPY, Tablespace, VolumeTestCase


class Route(NamedTuple):
    """What is killed, one after the other, and what is asked then: of data that is in its place, or swapped already."""

    swapped: bool
    killed: tuple[str, ...]
    then: str


WAYS = ("swap", "swap-back")
BEGINNINGS = ((False, "swap"), (True, "swap-back"))
ONCE = [Route(swapped, (first,), then) for swapped, first in BEGINNINGS for then in WAYS]
TWICE = [Route(swapped, (first, second), then) for swapped, first in BEGINNINGS for second in WAYS for then in WAYS]


class CutShortTest(VolumeTestCase):
    """Wherever it is killed, it goes on to the same end and back to the very beginning. Nothing is lost meanwhile."""

    def follow(
        self, route: Route, tablespaces: Sequence[Tablespace], steps: Sequence[int], counting: Sequence[str]
    ) -> list[bool]:
        """Whether what was to be killed behind so many steps was, or had ended by itself."""
        volume = self.volume(*tablespaces)
        held, before = volume.held(), volume.tree()
        if route.swapped:
            volume.run("swap")
        were = []
        for verb, count in zip(route.killed, steps):
            were.append(volume.is_killed(verb, count, counting))
            self.assertEqual(volume.held(), held)
            self.assertIn(volume.run("swap-progress")["progress"], ("NOT_SWAPPED", "HALF", "SWAPPED"))
        volume.run(route.then)
        if route.then == "swap":
            self.assertEqual((volume.lying(), sorted(volume.tree())), self.whole(*tablespaces))
            self.assertEqual(volume.held(), held)
        else:
            self.assertEqual(volume.tree(), before)
            self.assertFalse(os.path.lexists(volume.at("previous")))
        shutil.rmtree(volume.root)
        return were

    @functools.lru_cache
    def whole(self, *tablespaces: Tablespace) -> tuple[dict[str, list[str]], list[str]]:
        """What a swap leads to that nothing cuts short."""
        volume = self.volume(*tablespaces)
        volume.run("swap")
        return volume.lying(), sorted(volume.tree())

    def test_behind_each_single_step(self) -> None:
        for route in ONCE:
            with self.subTest(route):
                steps = 0
                while any(self.follow(route, ALL, [steps], STEPS)):
                    steps += 1
                # A rename and a link for each of the two times three tablespaces, and the data itself, at the least.
                self.assertGreater(steps, 14)

    def test_a_link_to_nothing_is_left_alone_and_takes_no_file_of_the_copy(self) -> None:
        for route in ONCE:
            with self.subTest(route):
                steps = 0
                while any(self.follow(route, (WIPED, WIPED_AND_IN_THE_COPY), [steps], CHANGES)):
                    steps += 1
                self.assertGreater(steps, 4)

    def test_behind_any_two_changes(self) -> None:
        for route in TWICE:
            with self.subTest(route):
                first, was_killed = 0, True
                while was_killed:
                    second, is_killed = 0, True
                    while is_killed:
                        was_killed, is_killed = self.follow(route, [IN_BOTH], [first, second], CHANGES)
                        second += 1
                    first += 1
                self.assertGreater(first, 6)
