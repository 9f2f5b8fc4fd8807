"""The one way from here to another container: SSH, or no connection at all where Barman is on this very host."""

import os
from collections.abc import Sequence

LOCAL = "local"
BARMAN = "barman@barman"
# Only Barman's own image has it.
BARMANS_PROGRAM = "/usr/local/bin/howdah-serve-wal"
# Encryption is the larger part of what a transfer costs, and processors have instructions for this cipher.
FAST = ("Ciphers=^aes128-gcm@openssh.com", "Compression=no", "ConnectTimeout=5")


def barman() -> str:
    """Where Barman is: USER@HOST, or LOCAL."""
    return os.environ.get("HOWDAH_BARMAN") or (LOCAL if os.path.exists(BARMANS_PROGRAM) else BARMAN)


def command(target: str, program: Sequence[str], *options: str) -> list[str]:
    """What runs the program there. Keys and known hosts: ssh_config."""
    if target == LOCAL:
        return list(program)
    chosen = [word for option in options for word in ("-o", option)]
    return ["ssh", "-T", *chosen, target, *program]
