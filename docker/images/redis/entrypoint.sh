#!/bin/bash
set -euo pipefail
. /usr/local/lib/howdah/secrets.sh
install_secret redis redis_password
# A second file, because arguments are visible to everybody in the container and the first file is the user's.
(umask 077; printf 'include /etc/redis/redis.conf\nrequirepass "%s"\n' "$(cat /run/howdah/redis_password)" > /run/howdah/redis.conf)
chown redis:redis /run/howdah/redis.conf /var/lib/redis
as redis redis-server /run/howdah/redis.conf
