"""howdah-session-settings WHAT: what each session of the stack's own asks for itself, whatever is set for the cluster,
a database or a role. src/domain/session-settings.ts has the same for Howdah's own.

  options               PGOPTIONS of a superuser's session
  roles ROLE...         SQL that sets it for these roles, for programs that bring no options along
"""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

# As configs/patroni.yml has it.
SUPERUSER = "postgres"
# What any role may ask for.
OF_ANY_ROLE = {
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "client_encoding": "UTF8",
    "standard_conforming_strings": "on",
    "client_min_messages": "notice",
    "search_path": "pg_catalog",
    "row_security": "off",
    "default_transaction_isolation": "read committed",
    "default_transaction_deferrable": "off",
    "statement_timeout": "0",
    "lock_timeout": "0",
    "transaction_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
}
# What a session that puts things right needs beside it: not for Barman, whose rights are its role's.
OF_A_SUPERUSER = {
    "default_transaction_read_only": "off",
    "synchronous_commit": "local",
    "event_triggers": "off",
    "session_preload_libraries": "",
    "local_preload_libraries": "",
    "log_statement": "none",
    "lc_messages": "C",
}
# What only a superuser may set, for a role that is none: a trigger of a login must not keep it out. Libraries cannot be
# set to none for a role: an empty list is stored as one library without a name.
FOR_A_ROLE = {"event_triggers": "off"}


def superuser(**changes: str) -> str:
    """PGOPTIONS with which a session of a superuser begins; `changes`: more of them, or others."""
    return options({**OF_ANY_ROLE, **OF_A_SUPERUSER, **changes})


def options(settings: Mapping[str, str]) -> str:
    escaped = {name: value.replace("\\", "\\\\").replace(" ", "\\ ") for name, value in settings.items()}
    return " ".join(f"-c {name}={value}" for name, value in escaped.items())


def for_patroni(asked: Mapping[str, Any]) -> str:
    """`options` of a session that Patroni opens with these. What Patroni asks for itself comes last, and holds."""
    # A replication session, and one of a role for pg_rewind alone, is no superuser's. Who uses `patronictl query`
    # brings settings along.
    is_superuser = "replication" not in asked and asked.get("user", SUPERUSER) == SUPERUSER
    ours = superuser() if is_superuser else options(OF_ANY_ROLE)
    own = asked.get("options", "")
    return own if asked.get("fallback_application_name") == "Patroni ctl" else f"{ours} {own}".rstrip()


def role_statements(role: str) -> list[str]:
    """For programs of this role that bring no options along."""
    name = '"' + role.replace('"', '""') + '"'
    return [
        f"ALTER ROLE {name} SET {setting} TO {_value(setting, value)};"
        for setting, value in {**OF_ANY_ROLE, **FOR_A_ROLE}.items()
    ]


def _value(setting: str, value: str) -> str:
    # A list is a list of words, not one text with a comma in it.
    words = value.split(", ") if setting == "DateStyle" else [value]
    return ", ".join(f"'{word}'" for word in words)


def main(arguments: Sequence[str] = tuple(sys.argv[1:])) -> None:
    match arguments:
        case ["options"]:
            print(superuser())
        case ["roles", *roles] if roles:
            print("\n".join(line for role in roles for line in role_statements(role)))
        case _:
            sys.exit(__doc__)
