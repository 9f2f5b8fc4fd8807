"""What a check can come to. A tool's verdict decides it; that a tool did not come to one is an outcome of its own."""

OK = "OK"
WARNING = "WARNING"
# Damage was proved.
FAILED = "FAILED"
# Neither sound nor damaged: it could not be looked at.
UNKNOWN = "UNKNOWN"

DAMAGED = "Do not use this copy: verify the base backup (verifyBackup), and recover from another one."


def check(name, status, message=None, hint=None):
    return {"name": name, "status": status, "message": message, "hint": hint}


def not_checked(name, why, hint):
    return check(name, UNKNOWN, f"not checked: {why}", hint)


def few(items, count=10):
    """The first of them, and how many there are beside those."""
    rest = len(items) - count
    return "; ".join(items[:count])[:2000] + (f"; and {rest} more" if rest > 0 else "")
