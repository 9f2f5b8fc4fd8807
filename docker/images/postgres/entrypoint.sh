#!/bin/bash
set -euo pipefail
. /usr/local/lib/howdah/secrets.sh
# Data that was made elsewhere: names of segments are reckoned with this size everywhere in the stack.
size=$({ pg_controldata -D "$PATRONI_POSTGRESQL_DATA_DIR" 2> /dev/null || true; } | sed -n 's/^Bytes per WAL segment: *//p')
[ "${size:-16777216}" = 16777216 ] || { echo "wal_segment_size is $size bytes: this stack works with 16MB only" >&2; exit 1; }
install_ssh postgres
install_secret postgres barman_password
install_secret postgres howdah_password

# Which container this is, whatever it is called: Howdah releases a dead leader's lock only where it is this one's. Docker
# mounts some files of its own into each container, from a folder that has the id's name.
container_id() {
  sed -nE '\#/containers/[0-9a-f]{64}/#{s#.*/containers/([0-9a-f]{12})[0-9a-f]{52}/.*#\1#p;q}' /proc/self/mountinfo
}

# Passwords are handed to the renderer alone; patroni.yml, on a tmpfs, is what Patroni and patronictl read.
(
  umask 077
  export BARMAN_SERVER=${BARMAN_SERVER:-$PATRONI_SCOPE}
  HOWDAH_CONTAINER=$(container_id)
  export HOWDAH_CONTAINER
  PATRONI_REPLICATOR_PASSWORD=$(stack_env PATRONI_REPLICATOR_PASSWORD) \
  PATRONI_POSTGRESS_PASSWORD=$(stack_env PATRONI_POSTGRESS_PASSWORD) \
  PATRONI_REST_PASSWORD=$(cat /run/secrets/patroni_rest_password) \
    howdah-render /etc/patroni/template.yml > /run/howdah/patroni.yml
)
install -d -o postgres -g postgres -m 0700 /run/howdah/patroni /run/howdah/wal
chown postgres:postgres /run/howdah/patroni.yml "/var/lib/postgresql/$PG_MAJOR"
# What a container that was killed has left: its process numbers belong to others by now, and PostgreSQL, which sees that
# they are alive, would not start.
rm -f /var/run/postgresql/.s.PGSQL.* "$PATRONI_POSTGRESQL_DATA_DIR/postmaster.pid"
# A container that was killed in a promotion: the WAL summarizer was to be off for that alone (pre-promote.sh).
off_for_now=/var/lib/postgresql/$PG_MAJOR/.summarizer-off-for-a-promotion
if [ -e "$off_for_now" ]; then
  [ ! -e "$PATRONI_POSTGRESQL_DATA_DIR/postgresql.auto.conf" ] ||
    sed -i '/^summarize_wal *=/d' "$PATRONI_POSTGRESQL_DATA_DIR/postgresql.auto.conf"
  rm -f "$off_for_now"
fi
# Whether Patroni is to stay down, as it was last wished, in this container or in the one that it replaces. Where that cannot
# be written, what this container has holds.
howdah-data settle-down > /dev/null || true
howdah-run reap 7
exec /usr/local/lib/howdah/supervise.sh
