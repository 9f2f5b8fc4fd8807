"""What the PostgreSQL of a recovered copy runs with.

It reads no configuration of the cluster's: its configuration file is empty, postgresql.auto.conf is put aside while it
is a copy, and all that it takes over is what stands in pg_control, which PostgreSQL itself wants of a server that
replays this WAL. So nothing of the cluster's changes what replay does or when, loads a library, starts a worker, or
connects to anywhere.
"""

import os
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from howdah.data.control import control_data
from howdah.recovery.copies import Copy, fail

# A standby needs at least what the primary had, and more where it was raised in the WAL that is replayed. With room to
# begin with, that is seldom: then the copy is started again with what pg_control asks for.
FLOORS = {
    "max_connections": 500,
    "max_worker_processes": 32,
    "max_wal_senders": 32,
    "max_prepared_transactions": 64,
    "max_locks_per_transaction": 128,
}
# pg_controldata calls some of them otherwise.
IN_CONTROL_DATA = {"max_prepared_transactions": "max_prepared_xacts", "max_locks_per_transaction": "max_locks_per_xact"}
# What a promotion writes into the WAL: it must be what the cluster has.
KEPT = ("wal_level", "wal_log_hints", "track_commit_timestamp")
MAX_WAL_SIZE = "1GB"
KINDS = {
    "TIME": "recovery_target_time",
    "LSN": "recovery_target_lsn",
    "XID": "recovery_target_xid",
    "NAME": "recovery_target_name",
}

NOTHING_STARTS_BY_ITSELF = {
    "shared_preload_libraries": "",
    "max_logical_replication_workers": "0",
    "autovacuum": "off",
    "summarize_wal": "off",
    "sync_replication_slots": "off",
    "primary_conninfo": "",
    "primary_slot_name": "",
    "synchronous_standby_names": "",
    "recovery_end_command": "",
    "archive_cleanup_command": "",
    "archive_library": "",
    "event_triggers": "off",
}


def needed(known: Mapping[str, str]) -> dict[str, int]:
    """What pg_control says that replay needs at the least."""
    return {name: int(known[f"{IN_CONTROL_DATA.get(name, name)} setting"]) for name in FLOORS}


def restore_command(copy: Copy) -> str:
    # Once the copy was stopped at the archive's end it takes no more, whatever arrives. A history file it must see: a
    # promotion takes a timeline that no other server has.
    ended = shlex.quote(copy.path("ended"))
    unless_ended = f"case %f in *.history) ;; *) [ ! -e {ended} ] || exit 1 ;; esac"
    return f"{unless_ended}; exec howdah-take-wal {shlex.quote(copy.root)} %f %p"


def target(request: Mapping[str, Any]) -> dict[str, str]:
    """Recovery targets are names and values of their own, never text in a line."""
    asked = request["target"]
    chosen = {
        "recovery_target_inclusive": "on" if asked["inclusive"] else "off",
        "recovery_target_action": "pause",
        "recovery_target_timeline": str(int(request["timeline"])),
    }
    if asked["kind"] == "IMMEDIATE":
        chosen["recovery_target"] = "immediate"
    elif asked["kind"] in KINDS:
        chosen[KINDS[asked["kind"]]] = asked["value"]
    elif asked["kind"] != "END":
        fail(f"{asked['kind']} is no kind of target")
    return chosen


def settings(copy: Copy, request: Mapping[str, Any], floors: Mapping[str, int]) -> dict[str, str]:
    known = control_data(copy.directory)
    least = needed(known)
    return {
        **target(request),
        **{name: str(max(floors[name], least[name])) for name in FLOORS},
        **{name: known[f"{name} setting"] for name in KEPT},
        **NOTHING_STARTS_BY_ITSELF,
        "restore_command": restore_command(copy),
        "hot_standby": "on",
        "wal_retrieve_retry_interval": "1s",
        "max_standby_archive_delay": "0",
        "recovery_min_apply_delay": "0",
        # Archives nothing while it recovers. What is to take the cluster's place keeps what it writes after its
        # promotion, history file included, for the cluster's own archive_command.
        "archive_mode": "on" if request["keepsWal"] else "off",
        # The other nodes are rewound to where their history left this one, and stream from there: the checkpoint of a
        # promotion must not remove it. As much as lies between two checkpoints.
        "wal_keep_size": MAX_WAL_SIZE if request["keepsWal"] else "0",
        "archive_command": "/bin/false",
        "config_file": copy.path("postgresql.conf"),
        "data_directory": copy.directory,
        "external_pid_file": "",
        "hba_file": copy.path("pg_hba.conf"),
        "ident_file": copy.path("pg_ident.conf"),
        "unix_socket_directories": copy.private,
        "unix_socket_permissions": "0777",
        "listen_addresses": "",
        "port": str(int(request["port"])),
        "ssl": "off",
        "bonjour": "off",
        # Large objects have rights of their own, which pg_read_all_data does not include.
        "lo_compat_privileges": "on",
        "shared_buffers": "64MB",
        "huge_pages": "off",
        "max_wal_size": MAX_WAL_SIZE,
        "cluster_name": "howdah-recovery",
        "lc_messages": "C",
        "logging_collector": "off",
        "log_destination": "stderr",
        "log_min_messages": "warning",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] ",
        "log_statement": "none",
        "log_connections": "off",
    }


def arguments(chosen: Mapping[str, str]) -> list[str]:
    return [word for name, value in chosen.items() for word in ("-c", f"{name}={value}")]


# Barman comments out what would be dangerous in a restored copy, and writes a line of its own after it: archive_command
# = false.
COMMENTED_OUT = "#BARMAN#"
HEAD = "# See docker/agent/howdah/recovery/settings.py: all that it runs with stands on its command line.\n"


def put_aside(copy: Copy) -> None:
    """What ALTER SYSTEM has set waits for the copy to become the cluster."""
    auto = copy.data("postgresql.auto.conf")
    if copy.read("auto.conf") is None:
        copy.write("auto.conf", "".join(f"{line}\n" for line in lines_to_keep(auto)))
    with open(auto, "w", encoding="utf-8"):
        pass
    copy.write("postgresql.conf", HEAD)


def lines_to_keep(auto: str) -> list[str]:
    """What the cluster had set: nothing of Barman's, and nothing that is about a recovery."""
    if not os.path.exists(auto):
        return []
    with open(auto, encoding="utf-8") as file:
        return [line for line in as_set(file.read().splitlines()) if not belongs_to_recovery(line)]


def as_set(lines: Iterable[str]) -> Iterator[str]:
    """The lines as ALTER SYSTEM wrote them, before Barman."""
    replaced = None
    for line in lines:
        if line.startswith(COMMENTED_OUT):
            replaced = name_in(line.removeprefix(COMMENTED_OUT))
            yield line.removeprefix(COMMENTED_OUT)
        elif name_in(line) != replaced:
            replaced = None
            yield line


def name_in(line: str) -> str:
    return line.partition("=")[0].strip().lower()


def belongs_to_recovery(line: str) -> bool:
    return name_in(line).startswith(("recovery_", "restore_", "primary_", "archive_cleanup_", "promote_trigger_"))


def put_back(copy: Copy) -> None:
    kept = copy.read("auto.conf")
    if kept is not None:
        with open(copy.data("postgresql.auto.conf"), "w", encoding="utf-8") as file:
            file.write(kept)
            file.flush()
            os.fsync(file.fileno())
