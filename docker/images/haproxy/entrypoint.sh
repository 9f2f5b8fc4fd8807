#!/bin/bash
# Where the Docker socket is mounted (docker-proxy), HAProxy joins the group that owns it; nowhere does it run as root.
set -euo pipefail
groups=haproxy
[ ! -S /var/run/docker.sock ] || groups=$(stat -c %g /var/run/docker.sock)

# For how long one check of Patroni may wait for an answer. Two that wait in vain end a node's sessions, and that must be before
# another node can lead. When Patroni fell silent its lock had been renewed at most LOOP_WAIT before, and RETRY_TIMEOUT more where
# etcd was slow; it lives for TTL from then on.
patience=$(( (${PATRONI_TTL:-30} - ${PATRONI_LOOP_WAIT:-10} - ${PATRONI_RETRY_TIMEOUT:-10} - 3) * 1000 / 2 ))
export CHECK_PATIENCE="$(( patience > 1000 ? patience : 1000 ))ms"
STARTED=$(date +%s)
export STARTED READ_MAX_LAG=${READ_MAX_LAG:-16MB} READ_LATE_SECONDS=${READ_LATE_SECONDS:-60}
exec setpriv --reuid haproxy --regid haproxy --groups "$groups" haproxy -W -db -f /etc/haproxy/haproxy.cfg
