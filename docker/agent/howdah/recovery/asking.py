"""The slow way of howdah-take-wal: asks the feeder, and waits for it while it is away. asking.py ROOT NAME TARGET

Self-contained on purpose: PostgreSQL waits for this program, so it is started without site-packages (-I -S), of which
this package is a part.
"""

import json
import os
import shutil
import socket
import sys
import time

MISSING = 1
TROUBLE = 200
PATIENCE_SECONDS = 180


def ask(path: str, name: str) -> int | None:
    """The feeder's exit code; None where nothing answers."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(PATIENCE_SECONDS)
            connection.connect(path)
            connection.sendall(f"{name}\n".encode())
            answer = connection.makefile().readline().strip()
            return int(answer) if answer else None
    except OSError:
        return None


def note(root: str, name: str, asked_at: float, code: int) -> None:
    """For `status`: what the archive answered, and when it was asked.

    Its silence says nothing, nor does what it has of a history.
    """
    if name.endswith(".history"):
        return
    path = os.path.join(root, "run", "asked")
    try:
        with open(path, encoding="utf-8") as file:
            before = json.load(file)
    except FileNotFoundError:
        before = None
    # On whichever timeline.
    again = before is not None and before["name"][8:] == name[8:]
    asked_before = before["askedAt"] if again else None
    answer = {"name": name, "askedAt": asked_at, "missing": code == MISSING, "askedBefore": asked_before}
    with open(f"{path}.new", "w", encoding="utf-8") as file:
        json.dump(answer, file)
    os.rename(f"{path}.new", path)


def main(root: str, name: str, target: str) -> int:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        asked_at = time.time()
        code = ask(os.path.join(root, "wal", "socket"), name)
        if code == 0:
            try:
                shutil.copyfile(os.path.join(root, "wal", "out", name), target)
            except FileNotFoundError:
                # Cleared away together with an earlier one of that name.
                continue
            note(root, name, asked_at, code)
            with open(os.path.join(root, "run", "taken", name), "w", encoding="utf-8"):
                return 0
        if code == MISSING:
            note(root, name, asked_at, code)
        if code is not None:
            return code
        time.sleep(0.2)
    print(f"howdah-take-wal: {name}: no process fetches WAL for {root}", file=sys.stderr)
    return TROUBLE


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except Exception as error:
        # An uncaught exception would end it with 1: "the archive does not have it".
        print(f"howdah-take-wal: {type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(TROUBLE)
