"""The data directory that a node's Patroni serves."""

import os
import re

from howdah.refusal import Refusal

VARIABLE = "PATRONI_POSTGRESQL_DATA_DIR"
CHECKSUM = re.compile(rb'"Manifest-Checksum":\s*"([0-9a-f]+)"')
# More than the last line of a manifest has.
TAIL_BYTES = 4096


def directory() -> str:
    try:
        return os.environ[VARIABLE]
    except KeyError:
        raise Refusal(f"{VARIABLE} is not set") from None


def live_directory() -> dict[str, str]:
    return {"directory": directory()}


def origin() -> dict[str, str | None]:
    """Which base backup the data was made from, by the checksum on its manifest's last line, which no two share.

    None where there is no manifest: it is the last file of a copy, so that may be on its way.
    """
    found = CHECKSUM.search(last_line(os.path.join(directory(), "backup_manifest")))
    return {"checksum": found[1].decode() if found else None}


def last_line(path: str) -> bytes:
    """Empty where it cannot be read: another copy may be taking its place."""
    try:
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL_BYTES))
            return file.read().removesuffix(b"\n").rpartition(b"\n")[2]
    except OSError:
        return b""
