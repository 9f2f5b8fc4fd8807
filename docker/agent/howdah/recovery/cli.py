"""A recovered copy of the cluster: a data directory and its PostgreSQL, outside Patroni. Its parts: copies.py.

In its sandbox, a container of its own, as the owner of its files:
  howdah-recovery link-places ROOT   as root: where the cluster has a tablespace, the copy finds its own
  howdah-recovery serve JSON         becomes PostgreSQL, replaying to the target (run by howdah-run)
  howdah-recovery status ROOT        how it stands: see CopyStatus
  howdah-recovery verify ROOT        lines of progress, then the checks as one JSON line
  howdah-recovery query JSON         one read as role rehearsal: rows as text
  howdah-recovery publish JSON       lets role rehearsal in, with the password of which it gets the hash
  howdah-recovery authenticate       asked by PAM, in the directory of the PostgreSQL that asks
  howdah-recovery promote ROOT       ends recovery; what does not run is left as it is
  howdah-recovery set-roles ROOT     the stack's own roles as the cluster has them, as its standard input says
  howdah-recovery hand-over ROOT     stops it for good, ready to take the cluster's place
  howdah-recovery stop ROOT          a clean stop

In the container of the node, or of Barman, that it is for:
  howdah-recovery prepare JSON       makes the root, and places for its tablespaces
  howdah-recovery space ROOT         {"freeBytes", "usedBytes"}
  howdah-recovery status ROOT        ABSENT, or STOPPED
  howdah-recovery feed JSON          fetches WAL for it, until it is stopped (run by howdah-run)
  howdah-recovery relay ROOT         as root: passes readers on to it, until it is stopped (run by howdah-run)
  howdah-recovery await-relay ROOT   until that takes connections
  howdah-recovery prove JSON         the archive's records around a position
  howdah-recovery remove ROOT        removes everything
"""

import importlib
import json
import sys
from types import ModuleType

from howdah.recovery.copies import fail
from howdah.refusal import Refusal

# Loaded by need: most of these are asked several times a second.
ANSWERS = {
    "prepare": "serving",
    "link-places": "serving",
    "status": "serving",
    "verify": "verifying",
    "query": "reading",
    "publish": "reading",
    "prove": "proving",
    "await-relay": "relaying",
    "space": "ending",
    "promote": "ending",
    "set-roles": "roles",
    "hand-over": "ending",
    "stop": "ending",
    "remove": "ending",
}
GOES_ON = {"serve": "serving", "feed": "feeding", "relay": "relaying"}


def run(command: str, rest: list[str]) -> None:
    module = ANSWERS.get(command) or GOES_ON.get(command)
    if module and len(rest) == 1:
        answer = getattr(load(module), command.replace("-", "_"))(*rest)
        if command in ANSWERS:
            print(json.dumps(answer), flush=True)
    elif command == "authenticate" and not rest:
        load("reading").authenticate()
    else:
        sys.exit(__doc__)


def load(module: str) -> ModuleType:
    return importlib.import_module(f"howdah.recovery.{module}")


def main() -> None:
    command, *rest = sys.argv[1:] or ["help"]
    try:
        run(command, rest)
    except Refusal as error:
        fail(str(error))
