#!/bin/bash
# Where the Docker socket is mounted (docker-proxy), HAProxy joins the group that owns it; nowhere does it run as root.
set -euo pipefail
groups=haproxy
[ ! -S /var/run/docker.sock ] || groups=$(stat -c %g /var/run/docker.sock)
exec setpriv --reuid haproxy --regid haproxy --groups "$groups" haproxy -W -db -f /etc/haproxy/haproxy.cfg
