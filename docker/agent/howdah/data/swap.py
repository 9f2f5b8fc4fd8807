"""Puts recovered data in the place of a node's, and back. In the node's container, with PostgreSQL stopped.

A data directory and its tablespaces change places by rename alone, each of them once: see out_of_service.py. Docker
does not end a call whose caller is gone, so one that is asked again may find the first one still at it: it waits.
"""

import os
from typing import NamedTuple

from howdah import files
from howdah.data import postmaster
from howdah.data.out_of_service import Data
from howdah.data.requests import parse
from howdah.refusal import Refusal


class Places(NamedTuple):
    live: str
    copy: str
    previous: str


def both(text: str) -> tuple[Data, Data]:
    """The copy, and what was or will be put aside for it."""
    live, copy, previous = parse(text, Places)
    return Data(copy, live), Data(previous, live)


# By what is there: the live data, the copy's, the previous data.
PROGRESS = {
    (True, True, False): "NOT_SWAPPED",
    (True, False, False): "NO_COPY",
    (False, True, True): "HALF",
    (True, False, True): "SWAPPED",
}


def swap_progress(text: str) -> dict[str, str]:
    """SWAPPED, HALF (the place is empty, or tablespaces are on their way), NOT_SWAPPED, NO_COPY.

    UNEXPECTED where no swap leads there.
    """
    copy, previous = both(text)
    paths = (copy.live, copy.directory, previous.directory)
    live, recovered, aside = (os.path.isdir(path) for path in paths)
    progress = PROGRESS.get((live, recovered, aside))
    if progress is None:
        seen = zip(paths, (live, recovered, aside))
        words = [f"{path} is {'' if found else 'not '}there" for path, found in seen]
        return {"progress": "UNEXPECTED", "seen": ", ".join(words)}
    return {"progress": progress}


def refuse_unexpected(text: str) -> str:
    answer = swap_progress(text)
    if answer["progress"] == "UNEXPECTED":
        raise Refusal(f"no cut-over leaves directories like these: {answer['seen']}")
    return answer["progress"]


def refuse_running(copy: Data, previous: Data) -> None:
    postmaster.refuse_running(copy.live, copy.directory, previous.directory)


def swap(text: str) -> dict[str, object]:
    copy, previous = both(text)
    with files.locked(os.path.dirname(copy.live)):
        progress = refuse_unexpected(text)
        if progress == "NO_COPY":
            raise Refusal(f"there is no {copy.directory}")
        # The copy's data changes places last. Its server may run by now.
        if progress == "SWAPPED":
            return {}
        refuse_running(copy, previous)
        copy.refuse_unlisted()
        previous.put_aside()
        copy.put_into_service()
    return {}


def swap_back(text: str) -> dict[str, object]:
    copy, previous = both(text)
    with files.locked(os.path.dirname(copy.live)):
        if refuse_unexpected(text) in ("NOT_SWAPPED", "NO_COPY"):
            previous.forget()
            return {}
        refuse_running(copy, previous)
        if os.path.isdir(copy.live):
            files.rename(copy.live, copy.directory)
        copy.bring_to_places()
        previous.bring_to_locations()
        files.rename(previous.directory, previous.live)
        previous.forget()
    return {}
