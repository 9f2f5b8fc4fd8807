"""A runit in a folder: a program `sv` that goes by files, and notes what it was asked."""

import os
from unittest import mock

from howdah.data import live, patroni
from tests.support import TestCase

SV = """#!/bin/sh
cd '{folder}' || exit 9
echo "$*" >> asked
verb=$1; [ "$1" != -w ] || verb=$3
for last; do :; done
[ "$last" = '{folder}/patroni' ] || exit 9
state=$(cat state)
case $verb in
  status)
    if [ -s away ]; then sed -i 1d away; echo "fail: $last: unable to change to service directory"; exit 1; fi
    case $state in
      run) echo "run: $last: (pid 7) 20s" ;;
      term) echo "run: $last: (pid 7) 20s, want down, got TERM" ;;
      down) echo "down: $last: 3s, normally up; run: log: (pid 8) 20s" ;;
    esac ;;
  stop) [ "$state" != run ] || cat on-stop > state ;;
  up) cat up-fails >&2 2> /dev/null && exit 1; echo run > state ;;
  kill) [ "$state" = down ] || echo down > state ;;
  *) exit 9 ;;
esac
"""


class RunitTestCase(TestCase):
    def setUp(self) -> None:
        super().setUp()
        os.makedirs(self.path("runit/patroni"))
        # The volume, and the link to it that the image has.
        os.environ[live.VARIABLE] = self.path("volume/patroni1")
        os.makedirs(self.path("volume"))
        os.symlink(patroni.lasting(), self.path("runit/patroni/down"))
        self.install("sv", SV.format(folder=self.path("runit")))
        self.addCleanup(mock.patch.stopall)
        mock.patch.object(patroni, "SERVICE", self.path("runit/patroni")).start()
        mock.patch.object(patroni, "SUPERVISED_SECONDS", 0.001).start()
        self.stops_as("down")
        self.is_in("run")

    def is_in(self, state: str) -> None:
        """Either "run", "down", or "term": it was asked to end, and has not."""
        self.put("runit/state", f"{state}\n")

    def stops_as(self, state: str) -> None:
        self.put("runit/on-stop", f"{state}\n")

    def is_away(self, looks: int) -> None:
        """As in a container that has just been started."""
        self.put("runit/away", "\n" * looks)

    def fails_to_start(self, words: str) -> None:
        self.put("runit/up-fails", words)

    def keep_down(self, text: str) -> None:
        self.put("runit/patroni/down", text)

    def down(self) -> str | None:
        """What keeps it down."""
        path = self.path("runit/patroni/down")
        return self.read(path).decode() if os.path.exists(path) else None

    def asked(self) -> list[str]:
        """Without looks."""
        lines = self.read("runit/asked").decode().splitlines()
        return [line.rpartition(" ")[0] for line in lines if not line.startswith("status")]
