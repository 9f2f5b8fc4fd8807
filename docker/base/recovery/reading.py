"""Readers of a recovered copy: those who are let in, and what Howdah itself asks of the data."""
import csv
import hashlib
import hmac
import io
import json
import os
import sys
import uuid

from copies import ROLE, Copy, fail

# Readers come through `relay`, whose own user is nobody that PostgreSQL knows: only a password lets them in.
OURS = "local all postgres peer map=howdah\nlocal replication postgres peer map=howdah\n"
READERS = f"local all {ROLE} pam pamservice=howdah-recovery\n"
LOCK_TIMEOUT_MS = 2000


def publish(text):
    request = json.loads(text)
    copy = Copy(request["root"])
    if copy.psql(f"SELECT 1 FROM pg_roles WHERE rolname = '{ROLE}' AND rolcanlogin").stdout.strip() != "1":
        return {"role": False}
    copy.write("password", json.dumps({"salt": request["salt"], "hash": request["hash"]}), 0o400)
    copy.write("pg_hba.conf", OURS + READERS)
    reloaded = copy.psql("SELECT pg_reload_conf()")
    if reloaded.returncode != 0:
        fail(f"who may come in could not be changed: {reloaded.stderr.strip()}")
    return {"role": True}


def authenticate():
    """Asked by pam_exec, which PostgreSQL's backend has started: the backend's directory is the data that it serves."""
    given = sys.stdin.buffer.read(4096).rstrip(b"\0\n")
    copy = Copy(os.path.dirname(os.readlink(f"/proc/{os.getppid()}/cwd")))
    kept = json.loads(copy.read("password") or "null")
    if kept is None or os.environ.get("PAM_USER") != ROLE:
        sys.exit(1)
    found = hashlib.scrypt(given, salt=bytes.fromhex(kept["salt"]), n=1024, r=8, p=1, dklen=32)
    sys.exit(0 if hmac.compare_digest(found, bytes.fromhex(kept["hash"])) else 1)


def query(text):
    request = json.loads(text)
    copy = Copy(request["root"])
    null = uuid.uuid4().hex
    limits = {"statement_timeout": str(int(request["timeoutMs"])), "lock_timeout": str(LOCK_TIMEOUT_MS), "default_transaction_read_only": "on"}
    said = copy.psql(request["sql"], request["database"], ["--csv", "-P", f"null={null}"], limits)
    if said.returncode != 0:
        return {"rows": [], "error": said.stderr.strip()[-1000:] or f"psql ended with {said.returncode}"}
    rows = [[None if cell == null else cell for cell in row] for row in csv.reader(io.StringIO(said.stdout))]
    return {"rows": rows[:1000], "error": None}
