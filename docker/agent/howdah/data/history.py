"""How a timeline came to be, as its history file in a data directory tells."""

import os
import re
from typing import NamedTuple

from howdah import files
from howdah.data.requests import parse
from howdah.refusal import Refusal


class Timeline(NamedTuple):
    directory: str
    timeline: int


def history(text: str) -> dict[str, object]:
    """For each timeline that was left before it: where that was, and why."""
    directory, timeline = parse(text, Timeline)
    path = os.path.join(directory, f"pg_wal/{timeline:08X}.history")
    known = files.read(path)
    if known is None:
        raise Refusal(f"there is no {path}")
    rows = [[*line.split("\t"), "", ""][:3] for line in known.split("\n")]
    left = [row for row in rows if re.fullmatch("[0-9]+", row[0])]
    return {"left": [{"timeline": int(number), "lsn": lsn, "reason": reason} for number, lsn, reason in left]}
