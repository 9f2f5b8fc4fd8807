import type { BackupServerSnapshot } from '../backup/backup-server.ts'
import type { Tablespace } from '../backup/tablespace.ts'
import type { Observed } from '../observed.ts'
import type { Parameters } from '../parameter.ts'
import type { Lsn } from '../wal/lsn.ts'
import type { TimelineSwitch } from '../wal/timeline.ts'
import type { LoginRefusal } from './login-refusal.ts'
import type { NodeRole, NodeState, ServiceState } from './node.ts'

/** One cluster as it is right now, from every source. Immutable: a change makes a new one. */
export interface ClusterSnapshot {
  /** Patroni scope. */
  readonly name: string
  /** The last time any part was refreshed. */
  readonly checkedAt: Date
  /** Patroni's keys in etcd; read through Patroni's REST while etcd has no quorum. */
  readonly topology: Observed<Topology>
  /** The configured nodes in their configured order, seen or not. */
  readonly nodes: readonly NodeSnapshot[]
  readonly etcd: readonly EtcdMemberSnapshot[]
  readonly haproxy: Observed<readonly HaproxyBackend[]>
  readonly haproxyStatsUrl: string
  /** Bytes of WAL not replayed from which on HAProxy gives a replica no new sessions. */
  readonly readMaxLagBytes: number
  /** The configured services in their configured order, seen or not: each Docker engine is a source of its own. */
  readonly services: readonly ServiceSnapshot[]
  /** What listens on the host that the cluster's own Docker endpoint is on; null where it is not looked at. */
  readonly hostPorts: HostPorts | null
  readonly backupServers: readonly BackupServerSnapshot[]
}

/** Patroni's view of the cluster. Source: etcd `/service/<scope>/`. */
export interface Topology {
  readonly systemIdentifier: string | null
  /** Name of the member that holds the leader key. */
  readonly leader: string | null
  readonly paused: boolean
  readonly timelineHistory: readonly TimelineSwitch[]
  readonly scheduledSwitchover: { from: string | null; to: string | null; at: Date } | null
  /** Patroni's dynamic configuration, as it stands. */
  readonly configuration: Readonly<Record<string, unknown>>
  /** Names of synchronous standbys, from `/sync`. */
  readonly syncStandbys: readonly string[]
  readonly members: ReadonlyMap<string, TopologyMember>
}

/** A member key, as Patroni writes it. */
export interface TopologyMember {
  readonly name: string
  readonly role: NodeRole
  readonly state: NodeState
  readonly timeline: number | null
  /** Written by the leader, replayed by a replica, as of Patroni's last cycle. */
  readonly lsn: Lsn | null
  readonly tags: Readonly<Record<string, unknown>>
  readonly pendingRestart: boolean
  readonly pendingRestartReasons: Readonly<Record<string, unknown>> | null
  /** Whether the member itself has noticed that the cluster is paused. */
  readonly paused: boolean
  readonly patroniVersion: string | null
}

/** One configured PostgreSQL node: its addresses, and what its Patroni and its PostgreSQL said. */
export interface NodeSnapshot {
  readonly name: string
  readonly host: string
  readonly port: number
  readonly apiUrl: string
  /** Name of its container. */
  readonly service: string | null
  readonly patroni: Observed<PatroniStatus>
  readonly postgres: Observed<PostgresStatus>
  /**
   * Why Howdah's role was not let in when it last tried to log in; null when it was, or has not tried. A session from
   * before lives on: `postgres` may be seen all the same.
   */
  readonly loginRefusal: LoginRefusal | null
}

/** Source: Patroni REST `GET /patroni` of the node itself. */
export interface PatroniStatus {
  readonly role: NodeRole
  readonly state: NodeState
  readonly postgresVersion: string | null
  readonly patroniVersion: string | null
  readonly startedAt: Date | null
  readonly timeline: number | null
  readonly systemIdentifier: string | null
  /** Written here (leader). */
  readonly lsn: Lsn | null
  readonly receivedLsn: Lsn | null
  readonly replayedLsn: Lsn | null
  readonly replayPaused: boolean
  readonly pendingRestart: boolean
  /** By parameter: { "old_value", "new_value" }, as Patroni says it. Null: none said. */
  readonly pendingRestartReasons: Readonly<Record<string, unknown>> | null
  readonly tags: Readonly<Record<string, unknown>>
}

/** Source: a SQL connection to the node itself. */
export interface PostgresStatus {
  readonly version: string
  readonly inRecovery: boolean
  /** Flushed position on a primary, replayed one on a standby. */
  readonly lsn: Lsn | null
  readonly receivedLsn: Lsn | null
  readonly replayedLsn: Lsn | null
  /** Seconds since the last replayed commit; 0 when all that was received is replayed. Null on a primary. */
  readonly replayLagSeconds: number | null
  readonly slots: readonly ReplicationSlot[]
  /** All but PostgreSQL's own two. */
  readonly tablespaces: readonly Tablespace[]
  /** pg_stat_archiver, on a primary. */
  readonly archiver: ArchiverStatus | null
  readonly databaseBytes: number | null
  /** All that this PostgreSQL knows; null until they were read. */
  readonly parameters: Parameters | null
}

export interface ReplicationSlot {
  readonly name: string
  readonly slotType: string
  readonly database: string | null
  readonly active: boolean
  readonly restartLsn: Lsn | null
  readonly confirmedFlushLsn: Lsn | null
  /** Bytes of WAL that the slot keeps from being removed. */
  readonly retainedBytes: number | null
  /** "lost" also while something reads from it, which PostgreSQL itself calls "unreserved". */
  readonly walStatus: string | null
}

export interface ArchiverStatus {
  readonly archivedCount: number
  readonly lastArchivedWal: string | null
  readonly lastArchivedAt: Date | null
  readonly failedCount: number
  readonly lastFailedWal: string | null
  readonly lastFailedAt: Date | null
  /** `.ready` files: segments finished and not yet archived by archive_command. */
  readonly pendingSegments: number | null
}

/** Whether the last that it tried failed: archive_command is tried again and again until it succeeds. */
export function isFailing({ lastArchivedAt, lastFailedAt }: ArchiverStatus): boolean {
  return lastFailedAt !== null && (lastArchivedAt === null || lastFailedAt > lastArchivedAt)
}

/** One configured etcd member and what it said of itself. */
export interface EtcdMemberSnapshot {
  readonly name: string
  readonly clientUrl: string
  readonly status: Observed<EtcdMemberStatus>
}

export interface EtcdMemberStatus {
  readonly version: string
  readonly databaseBytes: number
  /** etcd's words for what it has raised, whatever member has: "NOSPACE", "CORRUPT". */
  readonly alarms: readonly string[]
  readonly raftTerm: number
  readonly isLeader: boolean
  /** Whether the member sees a leader, and so a quorum. */
  readonly hasLeader: boolean
}

/** Source: HAProxy statistics. */
export interface HaproxyBackend {
  readonly name: string
  readonly servers: readonly HaproxyServer[]
}

export interface HaproxyServer {
  readonly name: string
  /** HAProxy's word: "UP", "DOWN", "MAINT" ... */
  readonly status: string
  readonly active: boolean
  readonly sessions: number
  readonly checkStatus: string | null
  readonly lastChangeSeconds: number | null
  readonly bytesIn: number | null
  readonly bytesOut: number | null
}

/** Source: the host's table of sockets. */
export interface HostPorts {
  /** The endpoint whose services publish their ports on that host. */
  readonly docker: string
  readonly listening: Observed<readonly HostPort[]>
}

/** A TCP port that a process of the host listens on. */
export interface HostPort {
  /** "127.0.0.1"; "0.0.0.0" and "::" for every address. */
  readonly address: string
  readonly port: number
}

/** One configured service, and what the Docker engine that runs it said of its container. */
export interface ServiceSnapshot {
  /** The service's name in the compose file. */
  readonly name: string
  /** Its engine: "unix:///var/run/docker.sock", "http://docker-proxy:2375". */
  readonly docker: string
  readonly status: Observed<ServiceStatus>
}

/** One container of the stack; MISSING where the configured service has none. Source: Docker. */
export interface ServiceStatus {
  /** The service's name in the compose file. */
  readonly name: string
  readonly containerId: string | null
  readonly image: string
  readonly state: ServiceState
  /** When this state of this container was first seen; null before anything was. */
  readonly since: Date | null
  /** Docker's health check: "healthy", "unhealthy", "starting"; null without one. */
  readonly health: string | null
  readonly startedAt: Date | null
  readonly exitCode: number | null
  readonly restartCount: number
  /** 100 is one core. */
  readonly cpuPercent: number | null
  readonly memoryBytes: number | null
  readonly memoryLimitBytes: number | null
  /** "127.0.0.1:5000->5000/tcp". */
  readonly ports: readonly string[]
}
