"""pg_control, as pg_controldata prints it."""

import os
import subprocess


class ControlDataError(Exception):
    """pg_control cannot be read, or is damaged."""


def control_data(directory: str) -> dict[str, str]:
    """What it says of a data directory, by its own names."""
    environment = {**os.environ, "LC_ALL": "C"}
    command = ["pg_controldata", "-D", directory]
    said = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    # It ends well with a file whose checksum is wrong, and only warns of that.
    if said.returncode != 0 or said.stderr.strip():
        why = said.stderr.strip() or said.returncode
        raise ControlDataError(f"pg_control of {directory} cannot be read: {why}")
    lines = (line.partition(":") for line in said.stdout.splitlines())
    return {name.strip(): value.strip() for name, _, value in lines}
