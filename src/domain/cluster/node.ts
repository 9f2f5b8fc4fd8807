/** What a PostgreSQL node is in its cluster. Source: Patroni's member key and REST API. */
export enum NodeRole {
  LEADER = 'LEADER',
  REPLICA = 'REPLICA',
  SYNC_STANDBY = 'SYNC_STANDBY',
  QUORUM_STANDBY = 'QUORUM_STANDBY',
  STANDBY_LEADER = 'STANDBY_LEADER',
  UNKNOWN = 'UNKNOWN',
}

/** What a node's PostgreSQL is doing. Source: Patroni; UNREACHABLE and STOPPED also from REST failures and Docker. */
export enum NodeState {
  RUNNING = 'RUNNING',
  STREAMING = 'STREAMING',
  IN_ARCHIVE_RECOVERY = 'IN_ARCHIVE_RECOVERY',
  STARTING = 'STARTING',
  RESTARTING = 'RESTARTING',
  STOPPING = 'STOPPING',
  STOPPED = 'STOPPED',
  CRASHED = 'CRASHED',
  CREATING_REPLICA = 'CREATING_REPLICA',
  INITIALIZING = 'INITIALIZING',
  UNREACHABLE = 'UNREACHABLE',
  UNKNOWN = 'UNKNOWN',
}

/** State of a container. Source: Docker. */
export enum ServiceState {
  RUNNING = 'RUNNING',
  PAUSED = 'PAUSED',
  RESTARTING = 'RESTARTING',
  EXITED = 'EXITED',
  CREATED = 'CREATED',
  DEAD = 'DEAD',
  REMOVING = 'REMOVING',
  MISSING = 'MISSING',
  UNKNOWN = 'UNKNOWN',
}
