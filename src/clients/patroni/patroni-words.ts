import { NodeRole, NodeState } from '../../domain/cluster/node.ts'
import { type Lsn, parseLsn } from '../../domain/wal/lsn.ts'

const ROLES: Readonly<Record<string, NodeRole>> = {
  leader: NodeRole.LEADER,
  primary: NodeRole.LEADER,
  // Written by Patroni before 4.0.
  master: NodeRole.LEADER,
  standby_leader: NodeRole.STANDBY_LEADER,
  sync_standby: NodeRole.SYNC_STANDBY,
  quorum_standby: NodeRole.QUORUM_STANDBY,
  replica: NodeRole.REPLICA,
}

const STATES: Readonly<Record<string, NodeState>> = {
  running: NodeState.RUNNING,
  streaming: NodeState.STREAMING,
  'in archive recovery': NodeState.IN_ARCHIVE_RECOVERY,
  starting: NodeState.STARTING,
  'starting after custom bootstrap': NodeState.STARTING,
  restarting: NodeState.RESTARTING,
  stopping: NodeState.STOPPING,
  // What could not be stopped still runs.
  'stop failed': NodeState.RUNNING,
  stopped: NodeState.STOPPED,
  'start failed': NodeState.STOPPED,
  'restart failed': NodeState.STOPPED,
  'initdb failed': NodeState.STOPPED,
  'custom bootstrap failed': NodeState.STOPPED,
  crashed: NodeState.CRASHED,
  'creating replica': NodeState.CREATING_REPLICA,
  'initializing new cluster': NodeState.INITIALIZING,
  'running custom bootstrap script': NodeState.INITIALIZING,
}

/** Patroni's word for a role, as a role; what is not known is UNKNOWN. */
export function roleOf(word: string | null | undefined): NodeRole {
  return ROLES[word ?? ''] ?? NodeRole.UNKNOWN
}

/** Patroni's state; a replica's replication state says more, and is taken while PostgreSQL runs. */
export function stateOf(state: string | null | undefined, replicationState?: string | null): NodeState {
  const known = STATES[state ?? ''] ?? NodeState.UNKNOWN
  if (known !== NodeState.RUNNING || replicationState === null || replicationState === undefined) return known
  return STATES[replicationState] ?? known
}

/** Positions come as bytes (a number), as "0/1A000000", or as "unknown". */
export function lsnOf(position: number | string | null | undefined): Lsn | null {
  if (typeof position === 'number') return position > 0 ? BigInt(position) : null
  return typeof position === 'string' && position.includes('/') ? parseLsn(position) : null
}

/** 170011 is "17.11". */
export function versionOf(serverVersion: number | null | undefined): string | null {
  if (serverVersion === null || serverVersion === undefined) return null
  return `${Math.floor(serverVersion / 10_000)}.${serverVersion % 10_000}`
}

/** "2026-11-22 18:47:17.620327+00:00" and ISO 8601; null for anything else. */
export function timeOf(text: string | null | undefined): Date | null {
  if (text === null || text === undefined) return null
  const time = new Date(text.replace(/^(\d{4}-\d\d-\d\d) /, '$1T'))
  return Number.isNaN(time.getTime()) ? null : time
}
