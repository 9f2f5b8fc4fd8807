"""Our sessions with a copy's PostgreSQL. What it says of itself comes as SQLSTATEs and rows, never as text to be searched."""
import contextlib

import psycopg2

from copies import options

# What a session can fail with. A name in a database without an encoding may be no text at all.
Failure = (psycopg2.Error, UnicodeError)


@contextlib.contextmanager
def session(copy, database="postgres", **settings):
    """As its superuser, each statement for itself. A database is a name here, whatever is in it."""
    connection = psycopg2.connect(host=copy.private, port=copy.port(), user="postgres", dbname=database,
                                  options=options(**settings), application_name="howdah")
    try:
        connection.autocommit = True
        yield connection
    finally:
        connection.close()


def rows(connection, sql, parameters=None):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


def ask(copy, sql, parameters=None, database="postgres"):
    with session(copy, database) as connection:
        return rows(connection, sql, parameters)


def sqlstate_of(error):
    """None where PostgreSQL has not answered at all: no connection, or one that broke."""
    return getattr(error, "pgcode", None)


def message_of(error):
    said = getattr(getattr(error, "diag", None), "message_primary", None)
    return said or " ".join(str(error).split()) or type(error).__name__
