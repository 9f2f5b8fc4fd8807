"""Whether a recovered copy is sound, and what of that could not be looked at."""

import os
import re
import subprocess

from howdah import session_settings
from howdah.recovery.checks import DAMAGED, FAILED, OK, WARNING, Check, check, few, not_checked
from howdah.recovery.collations import verify_collations
from howdah.recovery.copies import Copy
from howdah.recovery.reading import verify_readers
from howdah.recovery.sessions import Failure, ask, message_of
from howdah.recovery.structure import verify_structure

AGAIN = "Nothing is known of it by this. Rehearse again, or look at the log of the copy's container."


def verify(root: str) -> dict[str, list[Check]]:
    copy = Copy(root)
    say("reading every page")
    checksums = verify_checksums(copy)
    say("checking heaps and indexes")
    pages_proved = checksums["status"] == OK
    structure = verify_structure(copy, pages_proved, say)
    return {"checks": [checksums, *structure, verify_collations(copy), verify_readers(copy)]}


def say(line: str) -> None:
    print(line, flush=True)


def verify_checksums(copy: Copy) -> Check:
    name = "checksums"
    try:
        [[on, recovering]] = ask(copy, "SELECT current_setting('data_checksums') = 'on', pg_is_in_recovery()")
    except Failure as error:
        return not_checked(name, message_of(error), AGAIN)
    # Sent to nowhere: the server reads, and checks, every page of every file, those of tablespaces as well.
    # One that was promoted archives nothing yet: only with its WAL does a backup not wait for that.
    wal = "none" if recovering else "fetch"
    command = [
        "pg_basebackup",
        *copy.connection(),
        "--target=blackhole",
        "-X",
        wal,
        "-c",
        "fast",
        "--no-manifest",
        "-P",
    ]
    return checksum_verdict(*run_base_backup(command), on)


def run_base_backup(command: list[str]) -> tuple[int, list[str]]:
    """Its exit code, and what it said beside its progress. The server's own words are English too."""
    lines: list[str] = []
    known = {**os.environ, "LC_ALL": "C", "PGOPTIONS": session_settings.superuser()}
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace", env=known
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            progress = re.match(r"\s*(\d+)/\d+ kB \((\d+)%\)", line)
            if progress:
                say(f"reading every page: {int(progress[1]) // 1024} MiB, {progress[2]} %")
            elif line.strip():
                lines.append(line.strip())
    return process.returncode, lines


# The server's words for what proves damage; it has one exit code for this and for whatever else ends a backup. Warnings
# and notices of a backup that ended with 0 are nothing against it.
MISMATCH = re.compile(r"checksum verification failed in file|checksum verification failures?\b|invalid page in block")


def checksum_verdict(exit_code: int, lines: list[str], on: bool) -> Check:
    found = [line for line in lines if MISMATCH.search(line)]
    if exit_code == 0:
        if not on:
            return check("checksums", WARNING, "every file was read, but the cluster was made without checksums")
        return check("checksums", OK, "every page was read; each that replay did not rewrite matches its checksum")
    if found:
        return check("checksums", FAILED, few(found), DAMAGED)
    return not_checked("checksums", few(lines[-5:]) or f"pg_basebackup ended with {exit_code}", AGAIN)
