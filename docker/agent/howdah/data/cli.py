"""A node's data directories and its Patroni, in its container: looked at, stopped, moved and started for Howdah.

Every call can be repeated, wherever an earlier one was cut short.

As the owner of the data:
  howdah-data control DIRECTORY         what pg_control says: see control.py
  howdah-data history JSON              {"directory", "timeline"}: how that timeline came to be
  howdah-data hand-over-wal DIRECTORY   what waits for the archiver of a PostgreSQL that has stopped
  howdah-data swap-progress JSON        {"live", "copy", "previous"}: SWAPPED, HALF, NOT_SWAPPED, NO_COPY, UNEXPECTED
  howdah-data swap-check JSON           refuses what could not be swapped
  howdah-data swap JSON                 recovered data in the place of the node's, which is put aside
  howdah-data swap-back JSON            the other way
  howdah-data remove-previous DIRECTORY removes what was put aside

As root:
  howdah-data live-directory            where this node's Patroni has its data
  howdah-data origin                    which base backup that was made from
  howdah-data size DIRECTORY            its bytes
  howdah-data kept-down-by              who keeps Patroni down
  howdah-data settle-down               lets what keeps it down outlast the container
  howdah-data patroni-started           whether Patroni is up, and stays so
  howdah-data start-patroni             also where it is kept down
  howdah-data stop-patroni JSON         {"by", "seconds"}: waits so long at the most, and says how far it is
  howdah-data end-patroni               by force
  howdah-data stop-postgres             a fast shutdown, where Patroni is not there for it
  howdah-data end-both                  Patroni and PostgreSQL, by force
"""

import importlib
import json
import sys

from howdah.refusal import Refusal

# Loaded by need: a cluster waits for some of these.
WITH_ARGUMENT = {
    "control": "control",
    "history": "history",
    "hand-over-wal": "archiving",
    "swap-progress": "swap",
    "swap-check": "swap_check",
    "swap": "swap",
    "swap-back": "swap",
    "remove-previous": "previous",
    "size": "previous",
    "stop-patroni": "stopping",
}
WITHOUT = {
    "live-directory": "live",
    "origin": "live",
    "kept-down-by": "patroni",
    "settle-down": "patroni",
    "patroni-started": "patroni",
    "start-patroni": "patroni",
    "end-patroni": "patroni",
    "stop-postgres": "postmaster",
    "end-both": "stopping",
}


def run(verb: str, rest: list[str]) -> None:
    module = {0: WITHOUT, 1: WITH_ARGUMENT}.get(len(rest), {}).get(verb)
    if module is None:
        sys.exit(__doc__)
    answer = getattr(importlib.import_module(f"howdah.data.{module}"), verb.replace("-", "_"))(*rest)
    print(json.dumps(answer), flush=True)


def main() -> None:
    verb, *rest = sys.argv[1:] or ["help"]
    try:
        run(verb, rest)
    except (Refusal, OSError) as error:
        print(f"howdah-data: {error}", file=sys.stderr)
        sys.exit(error.exit_code if isinstance(error, Refusal) else 1)
