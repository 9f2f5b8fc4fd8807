#!/bin/bash
# Once in a cluster's life, right after initdb. $1 is Patroni's connection string. Barman's and Howdah's own roles: howdah-settle-roles,
# at the end.
set -euo pipefail
# Names of segments are reckoned with this size everywhere in the stack.
size=$(psql -XAt --dbname "$1" --command 'SHOW wal_segment_size')
[ "$size" = 16MB ] || { echo "wal_segment_size is $size: this stack works with 16MB only; take wal-segsize out of configs/patroni.yml" >&2; exit 1; }
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --dbname "$1" <<'SQL'
-- The reader of a recovered copy. Without a password no client logs in here with it; a copy lets it in by PAM, with a password
-- of its own (docker/agent/howdah/recovery/reading.py). It is to see everything: no policy hides rows from it, and what is revoked from
-- PUBLIC is not revoked from it.
CREATE ROLE rehearsal LOGIN BYPASSRLS;
GRANT pg_read_all_data TO rehearsal;
GRANT CONNECT ON DATABASE postgres TO rehearsal;
ALTER ROLE rehearsal SET default_transaction_read_only = on;

-- A copy cannot make it, and is checked with it. In template1, so that later databases have it too.
CREATE EXTENSION amcheck;
\connect template1
CREATE EXTENSION amcheck;
SQL
howdah-settle-roles "$1"
