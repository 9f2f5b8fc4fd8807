"""The stack's own roles in recovered data, as the running cluster has them.

Recovered data has every role as it was at the target: a password that was changed since is the old one there, and a
client that has the new one is not let in once that data leads. What is asked is one line of JSON, on the standard input
because it holds what passwords are checked against:

  {"roles": [{"name", "verifier", "connectionLimit"}]}    verifier null: as it is

The answer names roles, and never what was set:

  {"set": [names], "missing": [names], "loginTriggers": [names of the event triggers that run at each login]}
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any, Protocol

from howdah.recovery.copies import Copy, fail

# Nothing of a statement that sets a verifier may be kept: by the server's log, or by an extension that the data loads.
# Set before anything else. The last two are ignored where there is no such extension.
QUIET = """SET log_statement = 'none';
SET log_min_error_statement = 'panic';
SET log_min_duration_statement = -1;
SET log_min_duration_sample = -1;
SET log_transaction_sample_rate = 0;
SET pg_stat_statements.track = 'none';
SET pgaudit.log = 'none';
"""


# What is asked of a role, and a role as it is: see seen_query.
Role = dict[str, Any]
Seen = dict[str, Any]


class RolesError(Exception):
    """PostgreSQL's words, without the statement."""


class Psql(Protocol):
    """A copy, of which only this is needed."""

    def psql(self, sql: str, *, arguments: Sequence[str] = ()) -> subprocess.CompletedProcess[str]: ...


def literal(text: str) -> str:
    """As SQL reads it, whatever standard_conforming_strings is."""
    return "E'" + plain(text).replace("\\", "\\\\").replace("'", "''") + "'"


def identifier(text: str) -> str:
    return '"' + plain(text).replace('"', '""') + '"'


def plain(text: str) -> str:
    if "\0" in text:
        raise RolesError("a name or a verifier with a zero byte is none")
    return text


def seen_query(names: list[str]) -> str:
    listed = ", ".join(literal(name) for name in names)
    return f"""SELECT json_build_object(
  'roles', (SELECT coalesce(json_object_agg(rolname, json_build_object(
      'login', rolcanlogin, 'verifier', rolpassword, 'connectionLimit', rolconnlimit,
      'expires', coalesce(rolvaliduntil <> 'infinity', false),
      'connects', has_database_privilege(oid, current_database(), 'CONNECT'))), '{{}}')
    FROM pg_authid WHERE rolname IN ({listed})),
  'database', current_database(),
  'loginTriggers', (SELECT coalesce(json_agg(evtname ORDER BY evtname), '[]') FROM pg_event_trigger
    WHERE evtevent = 'login' AND evtenabled <> 'D'))"""


def statements_for(role: Role, seen: Seen, database: str) -> list[str]:
    """What makes of a role as it is (`seen`) one that gets in with the password it has in the running cluster."""
    options = []
    if not seen["login"]:
        options.append("LOGIN")
    if seen["expires"]:
        options.append("VALID UNTIL 'infinity'")
    if seen["connectionLimit"] != role["connectionLimit"]:
        options.append(f"CONNECTION LIMIT {int(role['connectionLimit'])}")
    if role["verifier"] is not None and seen["verifier"] != role["verifier"]:
        # PostgreSQL takes a verifier for what it is, and stores it as it is, whatever password_encryption says.
        options.append(f"PASSWORD {literal(role['verifier'])}")
    name = identifier(role["name"])
    statements = [f"ALTER ROLE {name} WITH {' '.join(options)};"] if options else []
    if not seen["connects"]:
        statements.append(f"GRANT CONNECT ON DATABASE {identifier(database)} TO {name};")
    return statements


def set_roles(root: str) -> dict[str, object]:
    try:
        # One line: the input need not end.
        return settle(Copy(root), json.loads(sys.stdin.readline())["roles"])
    except RolesError as error:
        fail(str(error))


def settle(copy: Psql, roles: list[Role]) -> dict[str, object]:
    names = [role["name"] for role in roles]
    before = look(copy, names)
    changes: dict[str, list[str]] = {}
    for role in roles:
        if role["name"] in before["roles"]:
            statements = statements_for(role, before["roles"][role["name"]], before["database"])
            if statements:
                changes[role["name"]] = statements
    if changes:
        run_unseen(copy, "\n".join(line for statements in changes.values() for line in statements))
        after = look(copy, names)
        changed = [role for role in roles if role["name"] in changes]
        left = [
            role["name"] for role in changed if statements_for(role, after["roles"][role["name"]], after["database"])
        ]
        if left:
            raise RolesError(f"still not as they should be: {', '.join(left)}")
    missing = [name for name in names if name not in before["roles"]]
    return {"set": list(changes), "missing": missing, "loginTriggers": before["loginTriggers"]}


def look(copy: Psql, names: list[str]) -> dict[str, Any]:
    said = copy.psql(seen_query(names))
    if said.returncode != 0:
        raise RolesError(reason(said))
    seen: dict[str, Any] = json.loads(said.stdout)
    return seen


def run_unseen(copy: Psql, statements: str) -> None:
    """psql reads them from memory that has no name: they are in no command line, and in no file."""
    memory = os.memfd_create("roles")
    try:
        os.write(memory, f"{QUIET}BEGIN;\n{statements}\nCOMMIT;\n".encode())
        said = copy.psql("", arguments=["-f", f"/proc/{os.getpid()}/fd/{memory}"])
        if said.returncode != 0:
            raise RolesError(reason(said))
    finally:
        os.close(memory)


def reason(said: subprocess.CompletedProcess[str]) -> str:
    """Its errors without the lines that repeat the statement."""
    errors = [
        line.partition(": ")[2] if line.startswith("psql:") else line
        for line in said.stderr.splitlines()
        if "ERROR: " in line or "FATAL: " in line
    ]
    return "; ".join(errors)[:500] or f"psql ended with {said.returncode}"
