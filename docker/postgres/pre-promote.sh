#!/bin/bash
# Patroni runs this right before it promotes. With summarize_wal, PostgreSQL 17 lets nobody write after a promotion until its
# WAL summarizer has caught up; and that sleeps up to 30 seconds where little was written. SIGHUP wakes it, harmlessly: so it
# is woken until the promotion is through. Nothing here may keep a promotion from happening.
nudge() {
  for (( i = 0; i < 300; i++ )); do
    # One `postgres: ... walsummarizer`, unless a recovery is being prepared in this container as well.
    for summarizer in $(pgrep -f '^postgres: .*walsummarizer'); do kill -HUP "$summarizer"; done
    (( i % 5 )) || [ "$(psql -qAtX -U postgres -d postgres -c 'SELECT pg_is_in_recovery()')" != f ] || return
    sleep 0.1
  done
}
nudge < /dev/null > /dev/null 2>&1 &
exit 0
