#!/bin/bash
# Hands the unprivileged user what this container was given, and the group of the Docker socket if it is here (the worker),
# then becomes that user.
set -euo pipefail
. /usr/local/lib/howdah/secrets.sh
install_ssh howdah
for secret in redis_password howdah_password patroni_rest_password tokens.json; do
  [ ! -f "/run/secrets/$secret" ] || install_secret howdah "$secret"
done
if [ -f /run/secrets/stack_env ]; then
  (umask 077; stack_env PATRONI_POSTGRESS_PASSWORD > /run/howdah/postgres_password)
  chown howdah:howdah /run/howdah/postgres_password
fi
groups=howdah
[ ! -S /var/run/docker.sock ] || groups=howdah,$(stat -c %g /var/run/docker.sock)
HOME=/run/howdah exec setpriv --reuid howdah --regid howdah --groups "$groups" "$@"
