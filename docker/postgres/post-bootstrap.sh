#!/bin/bash
# Once in a cluster's life, right after initdb: the roles that are neither superuser nor replicator.
# $1 is Patroni's connection string. Passwords, CONNECT and reserved connections: howdah-settle-roles, at the end.
set -euo pipefail
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --dbname "$1" <<'SQL'
-- Barman: what its manual asks of a role that is no superuser, and not a right more.
CREATE ROLE barman LOGIN REPLICATION;
GRANT EXECUTE ON FUNCTION pg_backup_start(text, boolean), pg_backup_stop(boolean),
  pg_switch_wal(), pg_create_restore_point(text) TO barman;
GRANT pg_read_all_settings, pg_read_all_stats, pg_checkpoint TO barman;

-- Howdah's eyes: everything about the server, nothing in its tables, no way to change it. A checkpoint before a switchover
-- makes the leader's shutdown short.
CREATE ROLE howdah LOGIN;
GRANT pg_monitor, pg_checkpoint TO howdah;
ALTER ROLE howdah SET default_transaction_read_only = on;

-- Who looks at a recovered copy. Without a password nobody logs in here with it; a copy lets it in by PAM, with a password
-- of its own (docker/base/howdah-recovery). It is to see everything: no policy hides rows from it, and what is revoked from
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
