#!/bin/bash
# Barman's replication slot on the node that leads, as user barman:
#   is-lost   whether it is: it kept more than max_slot_wal_keep_size, and nothing is kept for it any more. While something reads
#             from it, PostgreSQL calls it unreserved, and from version 17 on tells in another column
#   renew     drops it and makes it again
set -euo pipefail
setting() { sed -n "s/^$1 *= *//p" /etc/barman.d/*.conf | head -n 1; }
slot=$(setting slot_name)
sql() { psql -XAtq -v ON_ERROR_STOP=1 -v slot="$slot" -d "$(setting conninfo)"; }
case "$1" in
  is-lost)
    lost=$(sql <<<"SELECT wal_status = 'lost' OR to_jsonb(s) ->> 'invalidation_reason' IS NOT NULL
                   FROM pg_replication_slots AS s WHERE slot_name = :'slot'")
    [ "$lost" = t ]
    ;;
  # Not left to Patroni, which would make it in its next cycle: what is written until then would not be kept for it.
  renew) sql > /dev/null <<<"SELECT pg_drop_replication_slot(:'slot'); SELECT pg_create_physical_replication_slot(:'slot', true)" ;;
  *) exit 64 ;;
esac
