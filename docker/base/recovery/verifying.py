"""Whether the files of a recovered copy are sound, by what PostgreSQL's own programs say of them."""
import os
import re
import subprocess

from copies import Copy, options

LOCK_TIMEOUT_MS = 2000
LOCKED = "Somebody else held them for longer than that takes. Their pages were read all the same."
DAMAGED = "Do not use this copy: verify the base backup (verifyBackup), and recover from another one."


def check(name, outcome, message=None, hint=None):
    return {"name": name, "status": outcome, "message": message, "hint": hint}


def verify(root):
    copy = Copy(root)
    print("reading every page", flush=True)
    checks = [verify_checksums(copy)]
    print("checking heaps and indexes (pg_amcheck)", flush=True)
    checks += verify_structure(copy)
    return {"checks": checks}


def verify_checksums(copy):
    on = copy.psql("SHOW data_checksums").stdout.strip() == "on"
    # Sent to nowhere: the server reads, and checks, every page of every file.
    # One that was promoted archives nothing yet: only with its WAL does a backup not wait for that.
    wal = "none" if copy.psql("SELECT pg_is_in_recovery()").stdout.strip() == "t" else "fetch"
    command = ["pg_basebackup", *copy.connection(), "--target=blackhole", "-X", wal, "-c", "fast", "--no-manifest"]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [line for line in said.stderr.splitlines() if "NOTICE" not in line]
    if said.returncode != 0:
        return check("checksums", "FAILED", "; ".join(lines[-5:])[:1000], DAMAGED)
    if not on:
        return check("checksums", "WARNING", "every file was read, but the cluster was made without checksums")
    return check("checksums", "OK", "every page was read and is as its checksum says")


def verify_structure(copy):
    command = ["pg_amcheck", *copy.connection(), "--all"]
    # Whoever holds a relation for itself must not hold up the whole.
    environment = {**os.environ, "PGOPTIONS": options(lock_timeout=str(LOCK_TIMEOUT_MS))}
    said = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    skipped = re.findall(r'skipping database "(.+)": amcheck is not installed', said.stderr)
    output, locked = said.stdout, []
    for block in re.findall(r'^.+:\n\s+ERROR: .*lock timeout\n', output, re.MULTILINE):
        locked.append(re.search(r'"(.+)"', block)[1])
        output = output.replace(block, "")
    lines = [line for line in (output + said.stderr).splitlines() if line and "skipping database" not in line
             and "no relations to check" not in line]
    found = []
    if not lines and (said.returncode == 0 or locked or (skipped and "no relations to check" in said.stderr)):
        found.append(check("pg_amcheck", "OK", "heaps and B-tree indexes are sound"))
    else:
        found.append(check("pg_amcheck", "FAILED", "; ".join(lines[:10])[:1000], DAMAGED))
    if locked:
        found.append(check("pg_amcheck: locked relations", "WARNING", ", ".join(locked)[:1000], LOCKED))
    if skipped:
        found.append(check("pg_amcheck: databases without it", "WARNING", ", ".join(skipped),
                           "CREATE EXTENSION amcheck in them: a copy cannot make it. Their pages were read all the same."))
    return found
