#!/bin/bash
# Runs the services of /etc/service under runit, so that one of them (`sv down patroni`) can be stopped while the container
# lives. On SIGTERM all are stopped and waited for, which PID 1 and runsvdir would not do by themselves.
runsvdir -P /etc/service &
supervisor=$!
stop() {
  sv -w "${STOP_SECONDS:-50}" stop /etc/service/* || true
  kill -HUP "$supervisor"
}
trap stop TERM INT
# A trapped signal interrupts the first wait; the second waits for the end.
wait "$supervisor"; wait "$supervisor"
exit 0
