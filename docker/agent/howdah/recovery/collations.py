"""Collations whose order may have changed since the data was written: another version of the C library, or of ICU."""

from howdah.recovery.checks import OK, WARNING, Check, check, few, not_checked
from howdah.recovery.copies import Copy
from howdah.recovery.sessions import Failure, ask, message_of, rows, session

CONNECTABLE = "SELECT datname FROM pg_database WHERE datallowconn AND datconnlimit <> -2 ORDER BY datname"
CHANGED_DATABASES = """SELECT format('database %I', datname),
    format('REINDEX DATABASE %I; ALTER DATABASE %1$I REFRESH COLLATION VERSION;', datname)
  FROM pg_database WHERE datcollversion <> pg_database_collation_actual_version(oid) AND datconnlimit <> -2
  ORDER BY datname"""
# Of those that nothing is ordered by, thousands may have another version.
CHANGED_COLLATIONS = """SELECT format('collation %I.%I of database %I', nspname, collname, current_database()),
    format('REINDEX DATABASE %3$I; ALTER COLLATION %1$I.%2$I REFRESH VERSION;',
      nspname, collname, current_database())
  FROM pg_collation JOIN pg_namespace ON pg_namespace.oid = collnamespace
  WHERE collversion <> pg_collation_actual_version(pg_collation.oid)
    AND EXISTS (SELECT FROM pg_depend
      WHERE refclassid = 'pg_collation'::regclass AND refobjid = pg_collation.oid)
  ORDER BY nspname, collname"""


def verify_collations(copy: Copy) -> Check:
    try:
        changed = ask(copy, CHANGED_DATABASES)
        for [database] in ask(copy, CONNECTABLE):
            with session(copy, database) as connection:
                changed += rows(connection, CHANGED_COLLATIONS)
    except Failure as error:
        return not_checked("collations", message_of(error), "Look at pg_database.datcollversion in the recovered data.")
    if not changed:
        return check("collations", OK, "every collation has the version with which the data was written")
    subjects, remedies = zip(*changed)
    remedy = f"Text may be in another order than indexes have it, until, in each database: {' '.join(remedies)[:2000]}"
    message = f"another version than the data was written with: {few(subjects)}"
    return check("collations", WARNING, message, remedy)
