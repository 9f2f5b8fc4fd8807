"""Readers of a recovered copy: those who are let in, and what Howdah itself asks of the data."""

import hashlib
import hmac
import json
import os
import sys
from collections.abc import Iterator
from typing import Any, NoReturn

import psycopg2.extensions

from howdah.recovery.checks import OK, WARNING, Check, check, few, not_checked
from howdah.recovery.copies import OURS, READERS, ROLE, Copy, fail
from howdah.recovery.sessions import Connection, Failure, ask, message_of, rows, session, sqlstate_of

LOCK_TIMEOUT_MS = 2000
MOST_ROWS = 1000


def publish(text: str) -> dict[str, object]:
    request = json.loads(text)
    copy = Copy(request["root"])
    try:
        if not ask(copy, "SELECT 1 FROM pg_roles WHERE rolname = %s AND rolcanlogin", [ROLE]):
            return {"role": False}
        copy.write("password", json.dumps({"salt": request["salt"], "hash": request["hash"]}), 0o400)
        copy.write("pg_hba.conf", OURS + READERS)
        ask(copy, "SELECT pg_reload_conf()")
    except Failure as error:
        fail(f"who may come in could not be changed: {message_of(error)}")
    return {"role": True}


def authenticate() -> NoReturn:
    """Asked by pam_exec, which PostgreSQL's backend has started: the backend's directory is the data that it serves."""
    given = sys.stdin.buffer.read(4096).rstrip(b"\0\n")
    copy = Copy(os.path.dirname(os.readlink(f"/proc/{os.getppid()}/cwd")))
    kept = copy.kept("password")
    if kept is None or os.environ.get("PAM_USER") != ROLE:
        sys.exit(1)
    found = hashlib.scrypt(given, salt=bytes.fromhex(kept["salt"]), n=1024, r=8, p=1, dklen=32)
    sys.exit(0 if hmac.compare_digest(found, bytes.fromhex(kept["hash"])) else 1)


# A database that is not there, or does not let in even a superuser, says so by its state: a connection that is refused
# has no SQLSTATE for libpq's callers.
DATABASE = """SELECT datallowconn AND datconnlimit <> -2, EXISTS (SELECT FROM pg_roles WHERE rolname = %s)
  FROM pg_database WHERE datname = %s"""
# Names without a schema are found as a reader finds them: by what is set for the role in the database, the role, the
# database.
SEARCH_PATH = """SELECT set_config('search_path', COALESCE((
    SELECT substr(setting, 13) FROM pg_db_role_setting, unnest(setconfig) AS setting
    WHERE setting LIKE 'search_path=%%'
      AND setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
      AND setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = %s))
    ORDER BY (setdatabase <> 0 AND setrole <> 0) DESC, setrole <> 0 DESC, setdatabase <> 0 DESC LIMIT 1),
  '"$user", public'), false)"""
# A cursor takes one statement that returns rows, and nothing else: no second one after a semicolon, no DO, CALL, COPY
# or SET.
OPEN = """DO $howdah$
DECLARE asked refcursor := 'asked';
BEGIN
  OPEN asked FOR EXECUTE current_setting('howdah.statement');
END $howdah$"""


def query(text: str) -> dict[str, object]:
    """One statement, as role rehearsal sees the data; policies that would hide rows make it fail instead.

    We are the superuser who acts for that role, in a read-only transaction. A statement may call set_config('role')
    and, inside functions that run text, then read as superuser: what it can touch so ends at the walls of the sandbox.
    The transaction stays read-only, since no statement but this one comes into it.
    """
    request = json.loads(text)
    copy = Copy(request["root"])
    limits = {
        "statement_timeout": str(int(request["timeoutMs"])),
        "lock_timeout": str(LOCK_TIMEOUT_MS),
        "default_transaction_read_only": "on",
    }
    database = request["database"]
    try:
        found = ask(copy, DATABASE, [ROLE, database])
        if not found:
            return refused("3D000", f'database "{database}" does not exist')
        [[is_open, has_role]] = found
        if not has_role:
            return refused("28000", f'role "{ROLE}" is not in the recovered data')
        if not is_open:
            return refused("55000", f'database "{database}" allows no connections')
        with session(copy, database, **limits) as connection:
            return {"rows": run(connection, request["sql"]), "error": None}
    except Failure as error:
        return refused(sqlstate_of(error), message_of(error))


def refused(sqlstate: str | None, message: str) -> dict[str, object]:
    return {"rows": [], "error": {"sqlstate": sqlstate, "message": message[:1000]}}


def run(connection: Connection, sql: str) -> list[list[str | None]]:
    rows(connection, SEARCH_PATH, [ROLE])
    rows(connection, "SELECT set_config('howdah.statement', %s, false)", [sql])
    # From here on in one transaction, in which the cursor lives.
    connection.autocommit = False
    rows(connection, f"SET SESSION AUTHORIZATION {ROLE}")
    rows(connection, OPEN)
    with connection.cursor() as cursor:
        as_text(cursor)
        cursor.execute(f"FETCH FORWARD {MOST_ROWS} FROM asked")
        return [list(row) for row in cursor.fetchall()]


def as_text(cursor: Any) -> None:
    """Values as PostgreSQL writes them, not as Python would."""
    known = tuple(oid for oid in psycopg2.extensions.string_types if oid >= 0)
    text = psycopg2.extensions.new_type(known, "TEXT", lambda value, _: value)
    psycopg2.extensions.register_type(text, cursor)


READER = """SELECT rolcanlogin, rolbypassrls, pg_has_role(oid, 'pg_read_all_data', 'USAGE'), rolconnlimit = 0
  FROM pg_roles WHERE rolname = %s"""
CLOSED_DATABASES = """SELECT datname, NOT has_database_privilege(%s, oid, 'CONNECT'),
    format('GRANT CONNECT ON DATABASE %%I TO ' || %s, datname), datconnlimit = 0,
    format('ALTER DATABASE %%I CONNECTION LIMIT -1', datname)
  FROM pg_database WHERE datallowconn AND NOT datistemplate AND datconnlimit <> -2 ORDER BY datname"""
TABLES_WITH_POLICIES = """SELECT format('%I.%I.%I', current_database(), nspname, relname)
  FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE relrowsecurity ORDER BY 1"""
ALL_SEEN = "role rehearsal sees every database and every row"
CREATE = f"CREATE ROLE {ROLE} LOGIN BYPASSRLS; GRANT pg_read_all_data TO {ROLE}"


def verify_readers(copy: Copy) -> Check:
    """What the role that readers come with cannot see."""
    try:
        found = ask(copy, READER, [ROLE])
        unseen = [("nothing: there is no such role", CREATE)] if not found else [*unseen_by_role(copy, *found[0])]
    except Failure as error:
        return not_checked("readers", message_of(error), "Compare what a reader sees with what you expect.")
    if not unseen:
        return check("readers", OK, ALL_SEEN)
    subjects, remedies = zip(*unseen)
    # A copy cannot change its roles: it is for the next one.
    hint = f"In the cluster, for recoveries to a later moment: {'; '.join(dict.fromkeys(remedies))[:2000]}"
    return check("readers", WARNING, f"role {ROLE} does not see: {few(subjects)}", hint)


def unseen_by_role(
    copy: Copy, can_login: bool, bypasses_policies: bool, reads_all: bool, is_limited: bool
) -> Iterator[tuple[str, str]]:
    """What it does not see, and the statement that would change that."""
    if not can_login:
        yield "anything: it may not log in", f"ALTER ROLE {ROLE} LOGIN"
    if is_limited:
        yield "anything: it is allowed no connection", f"ALTER ROLE {ROLE} CONNECTION LIMIT -1"
    if not reads_all:
        yield "tables that were not granted to it", f"GRANT pg_read_all_data TO {ROLE}"
    for database, is_closed, grant, is_full, limit in ask(copy, CLOSED_DATABASES, [ROLE, ROLE]):
        if is_closed:
            yield f"database {database}, for want of CONNECT", grant
        if is_full:
            yield f"database {database}, which is allowed no connection", limit
        if not bypasses_policies:
            for [table] in ask(copy, TABLES_WITH_POLICIES, database=database):
                yield f"all rows of {table}, which has row-level security", f"ALTER ROLE {ROLE} BYPASSRLS"
