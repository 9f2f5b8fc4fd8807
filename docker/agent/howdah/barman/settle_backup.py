"""Takes links out of a base backup that lead to tablespaces which were made while it was taken.

  howdah-settle-backup SERVER BACKUP COMMAND...   that backup and those that it builds on, then becomes the command

A restore that names no place for one of its tablespaces does not begin: it would go where the running cluster has it.

Without arguments it is Barman's post_backup_script. pg_basebackup copies such a link and, as the tablespace was not
there when it began, none of its files: with it neither `barman restore` nor pg_combinebackup can restore anything of
that backup. The WAL of the backup makes the tablespace again, link and all.
"""

import ast
import os
import re
import sys

from howdah.barman.server import Server

COPIED = ("DONE", "WAITING_FOR_WALS")


def read_info(server: Server, backup: str) -> dict[str, str]:
    """backup.info: its lines are names and values. Since Barman 3.13 it lies apart from the backup."""
    for path in (
        os.path.join(server.meta, f"{backup}-backup.info"),
        os.path.join(server.base, backup, "backup.info"),
    ):
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                pairs = (line.rstrip("\n").partition("=") for line in file)
                return {name: value for name, _, value in pairs}
    return {}


def tablespaces_of(info: dict[str, str]) -> list[tuple[str, int, str]]:
    """Those that were copied: (name, oid, location). Barman writes Python's form of the list."""
    tablespaces: list[tuple[str, int, str]] = ast.literal_eval(info.get("tablespaces", "None")) or []
    return tablespaces


def unplaced(info: dict[str, str], command: list[str]) -> list[str]:
    """Tablespaces for which a restore names no place: each would be restored into that of the running cluster."""
    if command[:2] != ["barman", "restore"]:
        return []
    names = [name for name, _, _ in tablespaces_of(info)]
    return [name for name in names if not any(each.startswith(f"--tablespace={name}:") for each in command)]


def settle(server: Server, backup: str) -> None:
    info = read_info(server, backup)
    if info.get("status") not in COPIED:
        return
    known = {str(oid) for _, oid, _ in tablespaces_of(info)}
    links = os.path.join(server.base, backup, "data", "pg_tblspc")
    for oid in sorted(os.listdir(links)) if os.path.isdir(links) else []:
        link = os.path.join(links, oid)
        if os.path.islink(link) and oid not in known:
            location = os.readlink(link)
            os.unlink(link)
            say(f"{backup}: tablespace {oid} ({location}) was made while it was taken: its WAL has it")
    parent = info.get("parent_backup_id", "None")
    if parent != "None":
        settle(server, parent)


def say(message: str) -> None:
    print(f"howdah-settle-backup: {message}", file=sys.stderr)


def run(name: str, backup: str, command: list[str]) -> None:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", backup):
        sys.exit(f"howdah-settle-backup: {backup} is no id of a backup")
    server = Server(name)
    settle(server, backup)
    if left := unplaced(read_info(server, backup), command):
        sys.exit(f"howdah-settle-backup: the restore has no place for tablespace {', '.join(left)}")
    if command:
        os.execvp(command[0], command)


def main() -> None:
    arguments = sys.argv[1:]
    if len(arguments) > 2:
        run(arguments[0], arguments[1], arguments[2:])
    elif not arguments and "BARMAN_BACKUP_ID" in os.environ:
        run(os.environ["BARMAN_SERVER"], os.environ["BARMAN_BACKUP_ID"], [])
    else:
        sys.exit(__doc__)
