"""Hands over to the archive what a PostgreSQL that has stopped had not."""

import os
import re
import subprocess

from howdah.refusal import failed

READY = ".ready"


def hand_over_wal(directory: str) -> dict[str, list[str]]:
    """What the archiver had left when PostgreSQL stopped, handed over as it would have been: by its own command."""
    configured = subprocess.run(
        ["postgres", "-C", "archive_command", "-D", directory],
        stdout=subprocess.PIPE,
        cwd=directory,
        text=True,
        check=False,
    )
    if configured.returncode != 0:
        raise failed("postgres -C archive_command", configured.returncode, "")
    status = os.path.join(directory, "pg_wal/archive_status")
    waiting = sorted(name.removesuffix(READY) for name in os.listdir(status) if name.endswith(READY))
    for name in waiting:
        hand_over(directory, configured.stdout.rstrip("\n"), name)
        # As the archiver notes it. Cut short before this, it is handed over again, and the archive has it already.
        os.rename(os.path.join(status, f"{name}{READY}"), os.path.join(status, f"{name}.done"))
    return {"handedOver": waiting}


def hand_over(directory: str, command: str, name: str) -> None:
    known = {"%p": f"pg_wal/{name}", "%f": name, "%%": "%"}
    filled = re.sub("%[pf%]", lambda found: known[found[0]], command)
    # Its words go where ours go when something fails. It may leave a process behind that keeps its output open.
    said = subprocess.run(["sh", "-c", filled], stdout=2, cwd=directory, check=False)
    if said.returncode != 0:
        raise failed(f"archive_command for {name}", said.returncode, "")
