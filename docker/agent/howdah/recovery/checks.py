"""What a check can come to. A tool's verdict decides it; that a tool did not come to one is an outcome of its own."""

from collections.abc import Sequence
from typing import TypedDict

OK = "OK"
WARNING = "WARNING"
# Damage was proved.
FAILED = "FAILED"
# Neither sound nor damaged: it could not be looked at.
UNKNOWN = "UNKNOWN"

DAMAGED = "Do not use this copy: verify the base backup (verifyBackup), and recover from another one."


class Check(TypedDict):
    name: str
    status: str
    message: str | None
    hint: str | None


def check(name: str, status: str, message: str | None = None, hint: str | None = None) -> Check:
    return {"name": name, "status": status, "message": message, "hint": hint}


def not_checked(name: str, why: str, hint: str) -> Check:
    return check(name, UNKNOWN, f"not checked: {why}", hint)


def few(items: Sequence[str], count: int = 10) -> str:
    """The first of them, and how many more there are."""
    rest = len(items) - count
    return "; ".join(items[:count])[:2000] + (f"; and {rest} more" if rest > 0 else "")
