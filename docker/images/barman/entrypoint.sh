#!/bin/bash
set -euo pipefail
. /usr/local/lib/howdah/secrets.sh
install_ssh barman
export BARMAN_SERVER=${BARMAN_SERVER:-$PATRONI_SCOPE}

# libpq asks for this file, not for a variable: `docker exec` and ssh sessions find it as well (see conninfo).
(umask 077; printf '*:*:*:barman:%s\n' "$(sed 's/[:\\]/\\&/g' /run/secrets/barman_password)" > /run/howdah/pgpass)
chown barman:barman /run/howdah/pgpass

# Barman's configuration has no variables, so what the user edits in configs/ is rendered at each start.
mkdir -p /etc/barman.d && rm -f /etc/barman.d/*.conf
howdah-render /etc/barman/templates/barman.conf > /etc/barman.conf
for template in /etc/barman/templates/barman.d/*.conf; do
  howdah-render "$template" > "/etc/barman.d/${template##*/}"
done

chown barman:barman /var/lib/barman /data/pg-backup /var/log/barman
install -d -o barman -g barman -m 0700 /data/pg-backup/.staging
install -d -o barman -g barman -m 0755 /var/lib/barman/howdah/runs
install -o barman -g barman -m 0640 /dev/null /run/howdah/cron
howdah-run reap 7
exec /usr/local/lib/howdah/supervise.sh
