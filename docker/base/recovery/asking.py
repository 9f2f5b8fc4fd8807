"""The slow way of howdah-take-wal: asks the feeder, and waits for it while it is away. asking.py ROOT NAME TARGET"""
import os
import shutil
import socket
import sys
import time

TROUBLE = 200
PATIENCE_SECONDS = 180


def ask(path, name):
    """The feeder's exit code; None where nobody answers."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(PATIENCE_SECONDS)
            connection.connect(path)
            connection.sendall(f"{name}\n".encode())
            answer = connection.makefile().readline().strip()
            return int(answer) if answer else None
    except OSError:
        return None


def main(root, name, target):
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        code = ask(os.path.join(root, "wal", "socket"), name)
        if code == 0:
            try:
                shutil.copyfile(os.path.join(root, "wal", "out", name), target)
            except FileNotFoundError:
                # Cleared away together with an earlier one of that name.
                continue
            with open(os.path.join(root, "run", "taken", name), "w", encoding="utf-8"):
                return 0
        if code is not None:
            return code
        time.sleep(0.2)
    print(f"howdah-take-wal: {name}: nobody fetches WAL for {root}", file=sys.stderr)
    return TROUBLE


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except Exception as error:
        # An uncaught exception would end it with 1: "the archive does not have it".
        print(f"howdah-take-wal: {type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(TROUBLE)
