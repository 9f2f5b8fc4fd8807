import { type Backup, BackupStatus, BackupType, RetentionStatus } from '../../../src/domain/backup/backup.ts'
import type {
  BackupServerSnapshot,
  ClusterSnapshot,
  EtcdMemberSnapshot,
  NodeSnapshot,
  Observed,
  PatroniStatus,
  PostgresStatus,
  ServiceStatus,
  Topology,
  TopologyMember,
} from '../../../src/domain/cluster/cluster.ts'
import { NodeRole, NodeState, ServiceState } from '../../../src/domain/cluster/node.ts'
import { Timestamp } from '../../../src/domain/timestamp.ts'
import type { TimelineSwitch } from '../../../src/domain/wal/timeline.ts'
import { WalIndex } from '../../../src/domain/wal/wal-index.ts'
import { DEFAULT_SEGMENT_BYTES, formatSegmentName } from '../../../src/domain/wal/wal-name.ts'

export const NOW = new Date('2026-11-22T12:00:00Z')

export function seen<T>(value: T): Observed<T> {
  return { value, at: NOW, error: null }
}

export function away<T>(error = 'connection refused', last: T | null = null): Observed<T> {
  return { value: last, at: last === null ? null : NOW, error }
}

/** The start of a segment, as an LSN. */
export function lsnOf(number: number, offset = 0): bigint {
  return BigInt(number) * BigInt(DEFAULT_SEGMENT_BYTES) + BigInt(offset)
}

/** Segment `number` was written `number` minutes after the epoch. */
export function minute(number: number): Timestamp {
  return Timestamp.fromSeconds(number * 60)
}

export function walLine(timeline: number, number: number, size = 1000, time = number * 60): string {
  return `${formatSegmentName(timeline, number)}\t${size}\t${time}\tgzip\n`
}

/** A catalogue with, for each timeline, the numbers that are there. */
export function walOf(timelines: Readonly<Record<number, readonly number[]>>): WalIndex {
  const index = new WalIndex()
  for (const [timeline, numbers] of Object.entries(timelines)) {
    for (const number of numbers) index.append(walLine(Number(timeline), number))
  }
  return index
}

export function range(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index)
}

export function switchAt(timeline: number, lsn: bigint): TimelineSwitch {
  return { timeline, lsn, reason: null, at: null, newLeader: null }
}

/** A base backup that began in segment `first` and ended in the middle of segment `last`. */
export function backupOf(first: number, last: number, changes: Partial<Backup> = {}): Backup {
  const timeline = changes.timeline ?? 1
  return {
    backupId: `2026${String(first).padStart(6, '0')}`,
    server: 'patroni',
    name: null,
    status: BackupStatus.DONE,
    type: BackupType.FULL,
    method: 'postgres',
    beginTime: minute(first),
    endTime: minute(last),
    timeline,
    beginLsn: lsnOf(first, 40),
    endLsn: lsnOf(last, 4096),
    beginWal: formatSegmentName(timeline, first),
    endWal: formatSegmentName(timeline, last),
    sizeBytes: 500e6,
    clusterSizeBytes: 770e6,
    tablespaces: [],
    walBytes: null,
    walCount: null,
    compression: null,
    retentionStatus: RetentionStatus.VALID,
    keep: null,
    parentBackupId: null,
    childBackupIds: [],
    error: null,
    systemIdentifier: null,
    ...changes,
  }
}

export function patroniStatus(changes: Partial<PatroniStatus> = {}): PatroniStatus {
  return {
    role: NodeRole.REPLICA,
    state: NodeState.STREAMING,
    postgresVersion: '17.11',
    patroniVersion: '4.0.7',
    startedAt: NOW,
    timeline: 1,
    systemIdentifier: '7',
    lsn: null,
    receivedLsn: 1000n,
    replayedLsn: 1000n,
    replayPaused: false,
    pendingRestart: false,
    tags: {},
    ...changes,
  }
}

export function postgresStatus(changes: Partial<PostgresStatus> = {}): PostgresStatus {
  return {
    version: '17.11',
    inRecovery: true,
    lsn: null,
    receivedLsn: null,
    replayedLsn: null,
    replayLagSeconds: 0,
    slots: [],
    tablespaces: [],
    archiver: null,
    databaseBytes: null,
    ...changes,
  }
}

export function nodeOf(name: string, changes: Partial<NodeSnapshot> = {}): NodeSnapshot {
  return {
    name,
    host: name,
    port: 5432,
    apiUrl: `http://${name}:8008`,
    service: name,
    patroni: seen(patroniStatus()),
    postgres: seen(postgresStatus()),
    loginRefusal: null,
    ...changes,
  }
}

export function memberOf(name: string, changes: Partial<TopologyMember> = {}): TopologyMember {
  return {
    name,
    role: NodeRole.REPLICA,
    state: NodeState.STREAMING,
    timeline: 1,
    lsn: 1000n,
    tags: {},
    pendingRestart: false,
    pendingRestartReasons: null,
    paused: false,
    patroniVersion: '4.0.7',
    ...changes,
  }
}

export function serviceOf(name: string, changes: Partial<ServiceStatus> = {}): ServiceStatus {
  return {
    name,
    containerId: 'c',
    image: 'i',
    state: ServiceState.RUNNING,
    health: null,
    startedAt: NOW,
    exitCode: null,
    restartCount: 0,
    cpuPercent: null,
    memoryBytes: null,
    memoryLimitBytes: null,
    ports: [],
    ...changes,
  }
}

export function etcdOf(name: string, status: EtcdMemberSnapshot['status'] | null = null): EtcdMemberSnapshot {
  const well = { version: '3.5.16', databaseBytes: 1, raftTerm: 1, isLeader: false, hasLeader: true }
  return { name, clientUrl: `http://${name}:2379`, status: status ?? seen(well) }
}

export function backupServerOf(changes: Partial<BackupServerSnapshot> = {}): BackupServerSnapshot {
  const newest = backupOf(1, 2, { endTime: Timestamp.fromDate(new Date(NOW.getTime() - 3_600_000)) })
  const configuration = {
    active: true,
    retentionPolicy: null,
    minimumRedundancy: 0,
    compression: null,
    backupMethod: null,
  }
  return {
    name: 'patroni',
    configuration: seen(configuration),
    checks: seen([]),
    backups: seen([newest]),
    wal: seen(walOf({ 1: range(1, 9) })),
    incoming: seen({ incomingCount: 0, whole: [], streamingPartial: null, streamingModifiedAt: null }),
    disk: seen({ usedBytes: 10, freeBytes: 90, totalBytes: 100 }),
    ...changes,
  }
}

export const LEADER = nodeOf('db1', {
  patroni: seen(
    patroniStatus({
      role: NodeRole.LEADER,
      state: NodeState.RUNNING,
      lsn: 1000n,
      receivedLsn: null,
      replayedLsn: null,
    }),
  ),
  postgres: seen(postgresStatus({ inRecovery: false, lsn: 1000n, replayLagSeconds: null })),
})

export function topologyOf(changes: Partial<Topology> = {}): Topology {
  const members = [
    memberOf('db1', { role: NodeRole.LEADER, state: NodeState.RUNNING }),
    memberOf('db2'),
    memberOf('db3'),
  ]
  return {
    systemIdentifier: '7',
    leader: 'db1',
    paused: false,
    timelineHistory: [],
    scheduledSwitchover: null,
    configuration: {},
    syncStandbys: [],
    members: new Map(members.map((member) => [member.name, member])),
    ...changes,
  }
}

/** A healthy cluster of three nodes, two etcd members and one Barman server. */
export function clusterOf(changes: Partial<ClusterSnapshot> = {}): ClusterSnapshot {
  return {
    name: 'patroni',
    checkedAt: NOW,
    topology: seen(topologyOf()),
    nodes: [LEADER, nodeOf('db2'), nodeOf('db3')],
    etcd: [etcdOf('etcd1'), etcdOf('etcd2')],
    haproxy: seen([]),
    haproxyStatsUrl: 'http://haproxy:8404/stats',
    services: seen(['db1', 'db2', 'db3', 'etcd1', 'etcd2', 'haproxy', 'barman'].map((name) => serviceOf(name))),
    backupServers: [backupServerOf()],
    ...changes,
  }
}
