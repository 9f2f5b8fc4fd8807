#!/bin/bash
# Patroni runs this right before it promotes. With summarize_wal, PostgreSQL 17 blocks all writes after a promotion until its
# WAL summarizer has caught up. That sleeps up to 30 seconds where little was written: SIGHUP wakes it, harmlessly, so it is
# woken until the promotion is through. And one that stands still (WAL of an older timeline that it wants is gone, say) would
# hold the promotion up for 70 seconds and then end the server: it is turned off for the promotion, and on again after it.
# PostgreSQL refuses an incremental backup across the gap; the next FULL one works again.
# Nothing here may keep a promotion from happening.
exec < /dev/null
# Beside the data: the next start of a container that was killed in between turns it on again (entrypoint.sh).
off_for_now=/var/lib/postgresql/$PG_MAJOR/.summarizer-off-for-a-promotion
turned_off=no
# As howdah-session-settings says, without the time that it takes to start.
PGOPTIONS=$(< /usr/local/lib/howdah/session-options)
export PGOPTIONS
sql() { PGCONNECT_TIMEOUT=1 timeout 2 psql -qAtX -U postgres -d postgres -c "$1"; }
summarizers() { pgrep -f '^postgres: .*walsummarizer'; } # More than one where a recovery is prepared in this container as well.
wake() { for summarizer in $(summarizers); do kill -HUP "$summarizer"; done; }
caught_up() {
  local asked="SELECT current_setting('summarize_wal') = 'off' OR pending_lsn >= pg_last_wal_replay_lsn()"
  [ "$(sql "$asked FROM pg_get_wal_summarizer_state()")" != f ]
}

turn_off_if_stuck() {
  for (( i = 0; i < 10; i++ )); do
    wake
    ! caught_up || return
    sleep 0.1
  done
  echo "pre-promote: the WAL summarizer stands still; it is off until the promotion is through" >&2
  turned_off=yes
  touch "$off_for_now"
  sql 'ALTER SYSTEM SET summarize_wal = off' && sql 'SELECT pg_reload_conf()' > /dev/null
  # Until the startup process has read it.
  sleep 0.2
}

follow_promotion() {
  for (( i = 0; i < 600; i++ )); do
    wake
    if ! (( i % 5 )) && [ "$(sql 'SELECT pg_is_in_recovery()')" = f ]; then break; fi
    sleep 0.1
  done
  turn_on_again
}

# Only what was turned off here, and however the promotion ended: one that has not come by now is given up by Patroni.
turn_on_again() {
  [ "$turned_off" = yes ] || return 0
  for (( i = 0; i < 600; i++ )); do
    if sql 'ALTER SYSTEM RESET summarize_wal' && sql 'SELECT pg_reload_conf()'; then
      rm -f "$off_for_now"
      return
    fi
    sleep 1
  done
}

turn_off_if_stuck
follow_promotion > /dev/null 2>&1 &
exit 0
