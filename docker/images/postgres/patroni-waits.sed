# Waits of Patroni's that make up most of the outage of a switchover, shortened. They are patience, not safety: who may lead
# is decided by the leader key and by positions in the WAL, and what is not ready in time is asked again in the next cycle.
# A wait that a newer Patroni has not got any more is left as it is there.

# How often a leader that stops looks whether its shutdown checkpoint is written.
s/^STOP_POLLING_INTERVAL = 1$/STOP_POLLING_INTERVAL = 0.1/
# The replicas have the checkpoint already, or the key is kept until the leader has stopped altogether.
s/time\.sleep(1)  # give replicas some more time to catch up$/time.sleep(0.2)/
# The chosen node takes the key within 0.2 s; the others, and the old leader, may follow it after that.
s/time\.sleep(2)  # Give a time to somebody to take the leader lock$/time.sleep(0.5)/
