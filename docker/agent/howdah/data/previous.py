"""What a cut-over has put aside, and keeps."""

import os
import re
import subprocess

from howdah import files
from howdah.data.roots import Root
from howdah.refusal import Refusal, failed


def size(directory: str) -> dict[str, int]:
    """What it takes of its volume, whatever its owner. A number counts even where part of it could not be read."""
    said = run("du", "-sxB1", directory)
    if not (found := re.match("[0-9]+", said.stdout)):
        raise failed("du", said.returncode, said.stderr)
    return {"bytes": int(found[0])}


def remove_previous(directory: str) -> dict[str, object]:
    """Already gone is success. Nothing but what a cut-over has put aside is ever removed.

    Under another name first: what a recovery names is whole, or is not there at all.
    """
    if ".previous-" not in os.path.basename(directory):
        raise Refusal(f"{directory} is no previous data")
    previous = Root(directory).root
    gone = f"{previous}.gone"
    if os.path.lexists(previous):
        remove(gone)
        # A swap may be under way, which takes it from here, or puts it here.
        with files.locked(os.path.dirname(previous)):
            if os.path.lexists(previous):
                files.rename(previous, gone)
    remove(gone)
    return {}


def remove(directory: str) -> None:
    """Already gone is success, and so is what another removal takes away meanwhile: one that was asked for before."""
    said = run("rm", "-rf", "--", directory)
    if said.returncode != 0:
        raise failed("rm", said.returncode, said.stderr)


def run(*command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
