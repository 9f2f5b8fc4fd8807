"""Our sessions with a copy's PostgreSQL. It answers in SQLSTATEs and rows: no text is searched."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg2

from howdah import session_settings
from howdah.recovery.copies import Copy

# psycopg2 has no types: a connection, a cursor and a row of it are anything here.
Connection = Any
Row = Sequence[Any]

# What a session can fail with. A name in a database without an encoding may be no text at all.
Failure = (psycopg2.Error, UnicodeError)


@contextlib.contextmanager
def session(copy: Copy, database: str = "postgres", **settings: str) -> Iterator[Connection]:
    """As its superuser, each statement for itself. A database is a name here, whatever is in it."""
    connection = psycopg2.connect(
        host=copy.private,
        port=copy.port(),
        user="postgres",
        dbname=database,
        options=session_settings.superuser(**settings),
        application_name="howdah",
    )
    try:
        connection.autocommit = True
        yield connection
    finally:
        connection.close()


def rows(connection: Connection, sql: str, parameters: Row | None = None) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall()) if cursor.description else []


def ask(copy: Copy, sql: str, parameters: Row | None = None, database: str = "postgres") -> list[Row]:
    with session(copy, database) as connection:
        return rows(connection, sql, parameters)


def sqlstate_of(error: Exception) -> str | None:
    """None where PostgreSQL has not answered at all: no connection, or one that broke."""
    return getattr(error, "pgcode", None)


def message_of(error: Exception) -> str:
    said = getattr(getattr(error, "diag", None), "message_primary", None)
    return said or " ".join(str(error).split()) or type(error).__name__
