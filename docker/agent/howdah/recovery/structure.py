"""Heaps and B-tree indexes, by the extension amcheck.

What `pg_amcheck --all` looks at, without that program: it prints errors as text for people, and ends with 2 for damage,
for a lock that another session holds and for a query that was cancelled alike. Asked in SQL, amcheck's verdicts are
structured: verify_heapam returns a row for each fault, and what else goes wrong has an SQLSTATE.
"""

import concurrent.futures
import dataclasses
import os
import threading
import time
from collections.abc import Callable

from howdah.recovery.checks import DAMAGED, FAILED, OK, UNKNOWN, WARNING, Check, check, few, not_checked
from howdah.recovery.copies import Copy
from howdah.recovery.sessions import Connection, Failure, message_of, rows, session, sqlstate_of

NAME = "pg_amcheck"
# A copy shares its machine with the cluster.
JOBS = max(1, min(4, (os.cpu_count() or 1) // 2))
# A session that holds a relation for itself must not hold up the whole.
LOCK_TIMEOUT_MS = 2000
# data_corrupted, index_corrupted.
DAMAGE = {"XX001", "XX002"}
# A relation's file is gone. The same SQLSTATE, in other words, has a library that this container does not have.
UNDEFINED_FILE, GONE = "58P01", "could not open file"
UNCHECKED = (
    "Neither sound nor damaged by this. Rehearse again; or look at them in the copy, and decide by what you see."
)

DATABASES = "SELECT datname, datallowconn, datconnlimit = -2 FROM pg_database ORDER BY datname"
EXTENSION = """SELECT quote_ident(nspname) FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace
  WHERE extname = 'amcheck'
    AND EXISTS (SELECT FROM pg_proc WHERE proname = 'verify_heapam' AND pronamespace = extnamespace)"""
# The largest first, so that no worker begins with it at the end. No size that has to lock the relation to be known.
RELATIONS = """SELECT class.oid, amname IS NOT DISTINCT FROM 'btree',
    format('%I.%I.%I', current_database(), nspname, relname),
    COALESCE((SELECT bool_or(CASE WHEN used = 'pg_catalog."default"'::regcollation
        THEN (SELECT datcollversion <> pg_database_collation_actual_version(oid) FROM pg_database
          WHERE datname = current_database())
        ELSE (SELECT collversion <> pg_collation_actual_version(oid) FROM pg_collation WHERE oid = used) END)
      FROM unnest(indcollation::oid[]) AS used), false)
  FROM pg_class AS class JOIN pg_namespace ON pg_namespace.oid = relnamespace LEFT JOIN pg_am ON pg_am.oid = relam
    LEFT JOIN pg_index ON indexrelid = class.oid
  WHERE relpersistence <> 't' AND (relkind = 'S' OR (amname = 'heap' AND relkind IN ('r', 'm', 't'))
    OR (amname = 'btree' AND relkind = 'i' AND indisvalid AND indisready AND indislive))
  ORDER BY relpages DESC, class.oid"""
HEAP = """SELECT 'block ' || blkno || COALESCE(', offset ' || offnum, '') || ': ' || msg
  FROM {}.verify_heapam(relation => %s::oid::regclass, on_error_stop => false, check_toast => true, skip => 'none')
  LIMIT 5"""
INDEX = "SELECT {}.bt_index_check(index => %s::oid::regclass, heapallindexed => false)"


# Tells how far it is.
Say = Callable[[str], None]


@dataclasses.dataclass
class Relation:
    oid: int
    is_index: bool
    name: str
    # An index whose order rests on a collation of another version than it was built with.
    is_reordered: bool


@dataclasses.dataclass
class Findings:
    sound: int = 0
    damaged: list[str] = dataclasses.field(default_factory=list)
    # Out of order, where the collation is another one now: that is no proof of damage.
    reordered: list[str] = dataclasses.field(default_factory=list)
    unchecked: list[str] = dataclasses.field(default_factory=list)
    # Databases that amcheck cannot be asked in.
    without: list[str] = dataclasses.field(default_factory=list)
    invalid: list[str] = dataclasses.field(default_factory=list)


def verify_structure(copy: Copy, pages_proved: bool, say: Say) -> list[Check]:
    findings = Findings()
    try:
        with session(copy) as connection:
            databases = rows(connection, DATABASES)
    except Failure as error:
        return [not_checked(NAME, message_of(error), UNCHECKED)]
    for name, is_open, is_invalid in databases:
        if is_invalid:
            findings.invalid.append(name)
        elif is_open:
            check_database(copy, name, findings, say)
        elif name != "template0":
            findings.without.append(f"{name} (allows no connections)")
    return verdicts(findings, pages_proved)


def check_database(copy: Copy, database: str, findings: Findings, say: Say) -> None:
    try:
        with session(copy, database) as connection:
            extension = rows(connection, EXTENSION)
            relations = [Relation(*row) for row in rows(connection, RELATIONS)] if extension else []
    except Failure as error:
        findings.unchecked.append(f"database {database} ({message_of(error)})")
        return
    if not extension:
        findings.without.append(database)
        return
    [[schema]] = extension
    work = Work(copy, database, schema, relations, findings, say)
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        for worker in [pool.submit(work.run) for _ in range(JOBS)]:
            worker.result()


class Work:
    """The relations of a database, which several workers share, each with a session of its own."""

    def __init__(
        self, copy: Copy, database: str, schema: str, relations: list[Relation], findings: Findings, say: Say
    ) -> None:
        self.copy, self.database, self.schema = copy, database, schema
        self.findings, self.say = findings, say
        self.relations, self.total, self.done = iter(relations), len(relations), 0
        self.told, self.lock = time.monotonic(), threading.Lock()

    def next(self) -> Relation | None:
        with self.lock:
            return next(self.relations, None)

    def run(self) -> None:
        relation = self.next()
        while relation is not None:
            # One that broke, with what was being checked in it, is followed by another.
            relation = self.run_session(relation)

    def run_session(self, first: Relation) -> Relation | None:
        """Checks with one session as long as it lasts; answers what to go on with."""
        relation: Relation | None = first
        try:
            with session(self.copy, self.database, lock_timeout=str(LOCK_TIMEOUT_MS)) as connection:
                while relation is not None:
                    self.check(connection, relation)
                    relation = self.next()
                    if connection.closed:
                        break
                return relation
        except Failure as error:
            self.note(self.findings.unchecked, f"{(relation or first).name} ({message_of(error)})")
            return self.next()

    def check(self, connection: Connection, relation: Relation) -> None:
        try:
            found = rows(connection, (INDEX if relation.is_index else HEAP).format(self.schema), [relation.oid])
        except Failure as error:
            self.note(self.list_of(error, relation), f"{relation.name} ({message_of(error)})")
            return
        faults = [] if relation.is_index else [text for [text] in found]
        if faults:
            self.note(self.findings.damaged, f"{relation.name} ({', '.join(faults)})")
        else:
            self.note(None)

    def list_of(self, error: Exception, relation: Relation) -> list[str]:
        sqlstate, message = sqlstate_of(error), message_of(error)
        if sqlstate not in DAMAGE and not (sqlstate == UNDEFINED_FILE and message.startswith(GONE)):
            return self.findings.unchecked
        # Another order violates an invariant of the tree; it does not break a page.
        is_order = relation.is_reordered and "invariant violated" in message
        return self.findings.reordered if is_order else self.findings.damaged

    def note(self, found: list[str] | None, text: str = "") -> None:
        """In one of the lists of findings; None: the relation is sound."""
        with self.lock:
            if found is None:
                self.findings.sound += 1
            else:
                found.append(text)
            self.done += 1
            if time.monotonic() - self.told >= 1:
                self.told = time.monotonic()
                self.say(f"checking heaps and indexes of {self.database}: {self.done} of {self.total}")


REORDERED = (
    'REINDEX them, as check "collations" says: in the running cluster if it has these versions too, '
    "or in the one that this copy becomes. What is out of order after that is damaged."
)
WITHOUT = "In the cluster: CREATE EXTENSION amcheck in them, or ALTER EXTENSION amcheck UPDATE. A copy cannot make it."


def verdicts(findings: Findings, pages_proved: bool) -> list[Check]:
    checks = [verdict(findings, pages_proved)]
    if findings.unchecked and checks[0]["status"] != UNKNOWN:
        checks.append(not_checked(f"{NAME}: not checked", few(findings.unchecked), UNCHECKED))
    if findings.reordered:
        why = "out of order in a collation that is another one today; damage would look the same"
        checks.append(not_checked(f"{NAME}: changed collations", f"{why}: {few(findings.reordered)}", REORDERED))
    if findings.without:
        checks.append(without_extension(few(findings.without), pages_proved))
    if findings.invalid:
        message = f"their removal was interrupted, and nothing can read them: {few(findings.invalid)}"
        checks.append(check("invalid databases", WARNING, message, "In the cluster: DROP DATABASE them."))
    return checks


def without_extension(databases: str, pages_proved: bool) -> Check:
    name = f"{NAME}: databases without it"
    if pages_proved:
        return check(name, WARNING, f"only the checksums of their pages were checked: {databases}", WITHOUT)
    # No checksums either: nothing at all has looked at them.
    return not_checked(name, databases, WITHOUT)


def verdict(findings: Findings, pages_proved: bool) -> Check:
    if findings.damaged:
        return check(NAME, FAILED, few(findings.damaged), DAMAGED)
    if findings.sound == 0 and (findings.unchecked or not pages_proved):
        return not_checked(NAME, few(findings.unchecked) or "no database has the extension amcheck", UNCHECKED)
    if findings.sound == 0:
        return check(
            NAME, WARNING, "no database has the extension amcheck: only the checksums of pages were checked", WITHOUT
        )
    some = " that were checked" if findings.unchecked or findings.reordered else ""
    return check(NAME, OK, f"heaps and B-tree indexes{some} are sound")
