import { BackupStatus } from '../../../src/domain/backup/backup.ts'
import type { BackupServerSnapshot } from '../../../src/domain/backup/backup-server.ts'
import { CheckStatus } from '../../../src/domain/check.ts'
import type {
  ClusterSnapshot,
  EtcdMemberSnapshot,
  PostgresStatus,
  ReplicationSlot,
} from '../../../src/domain/cluster/cluster.ts'
import type { LoginRefusal } from '../../../src/domain/cluster/login-refusal.ts'
import { NodeRole, NodeState, ServiceState } from '../../../src/domain/cluster/node.ts'
import { HealthStatus } from '../../../src/domain/health/health.ts'
import type { HealthIssueCode } from '../../../src/domain/health/health-issue-codes.ts'
import { NOT_YET_OBSERVED } from '../../../src/domain/observed.ts'
import { Timestamp } from '../../../src/domain/timestamp.ts'
import { backupOf, backupServerOf, lsnOf, range, switchAt, walOf } from './backups.ts'
import {
  etcdOf,
  LEADER,
  nodeOf,
  patroniStatus,
  postgresStatus,
  serviceOf,
  servicesAway,
  servicesSeen,
  topologyOf,
} from './cluster.ts'
import { away, NOW, seen } from './observed.ts'

const { CRITICAL, DEGRADED, UNKNOWN } = HealthStatus

export function replica(changes: Parameters<typeof patroniStatus>[0]): Partial<ClusterSnapshot> {
  return { nodes: [LEADER, nodeOf('db2', { patroni: seen(patroniStatus(changes)) })] }
}

export function server(changes: Partial<BackupServerSnapshot>): Partial<ClusterSnapshot> {
  return { backupServers: [backupServerOf(changes)] }
}

export function services(name: string, changes: Parameters<typeof serviceOf>[1]): Partial<ClusterSnapshot> {
  return { services: servicesSeen([serviceOf(name, changes)]) }
}

export function archiver(changes: object): Partial<ClusterSnapshot> {
  const status = {
    archivedCount: 1,
    lastArchivedWal: 'a',
    lastArchivedAt: new Date(60_000),
    failedCount: 0,
    lastFailedWal: null,
    lastFailedAt: null,
    pendingSegments: 0,
    ...changes,
  }
  return { nodes: [{ ...LEADER, postgres: seen(postgresStatus({ inRecovery: false, lsn: 1000n, archiver: status })) }] }
}

/** db2 has received and replayed so many bytes less than the leader has. */
export function behind(bytes: number): Partial<ClusterSnapshot> {
  const lsn = 1n << 30n
  const position = { receivedLsn: lsn - BigInt(bytes), replayedLsn: lsn - BigInt(bytes) }
  const patroniOfLeader = seen({ ...patroniStatus(), role: NodeRole.LEADER, state: NodeState.RUNNING, lsn })
  const leader = { ...LEADER, patroni: patroniOfLeader, postgres: seen(postgresStatus({ inRecovery: false, lsn })) }
  const patroni = seen(patroniStatus({ state: NodeState.STREAMING, ...position }))
  return { nodes: [leader, nodeOf('db2', { patroni, postgres: seen(postgresStatus(position)) })] }
}

/** One slot on the leader. */
export function slot(changes: Partial<ReplicationSlot>): Partial<ClusterSnapshot> {
  const whole = {
    name: 'barman',
    slotType: 'physical',
    database: null,
    active: false,
    restartLsn: 1n,
    confirmedFlushLsn: null,
    retainedBytes: 0,
    walStatus: 'extended',
    ...changes,
  }
  return { nodes: [{ ...LEADER, postgres: seen(postgresStatus({ lsn: 1000n, slots: [whole] })) }, nodeOf('db2')] }
}

export const loginRefusal: LoginRefusal = {
  role: 'howdah',
  sqlstate: '42501',
  reason: 'permission denied for database "postgres"',
  cure: { kind: 'STATEMENT', sql: 'GRANT CONNECT ON DATABASE postgres TO howdah', database: 'postgres' },
  passing: false,
}
export const REFUSED = {
  loginRefusal,
  postgres: away<PostgresStatus>('PostgreSQL db2 does not let role howdah log in'),
}

export const disk = (freeBytes: number) => server({ disk: seen({ usedBytes: 0, freeBytes, totalBytes: 1000 }) })
const hourAgo = new Date(NOW.getTime() - 3_600_000)
export const young = { endTime: Timestamp.fromDate(hourAgo) }

const alarmed = (alarm: string): EtcdMemberSnapshot['status'] => {
  const { value } = etcdOf('etcd1').status
  return value === null ? away() : seen({ ...value, alarms: [alarm] })
}

const LOWERED = {
  pendingRestart: true,
  pendingRestartReasons: { max_connections: { old_value: '200', new_value: '100' } },
}
const LOWERED_LEADER = {
  ...LEADER,
  patroni: seen(patroniStatus({ role: NodeRole.LEADER, state: NodeState.RUNNING, lsn: 1000n, ...LOWERED })),
}
const LOWERED_REPLICA = nodeOf('db2', { patroni: seen(patroniStatus(LOWERED)) })

/** What is wrong with a cluster of which this differs from a healthy one: code, severity and subject. Every code but NO_WORKER. */
export const ILL_CLUSTERS: readonly [HealthIssueCode, HealthStatus, string, Partial<ClusterSnapshot>][] = [
  [
    'NO_LEADER',
    CRITICAL,
    'Cluster:patroni',
    { topology: seen(topologyOf({ leader: null, members: new Map() })), nodes: [nodeOf('db2')] },
  ],
  ['CLUSTER_PAUSED', DEGRADED, 'Cluster:patroni', { topology: seen(topologyOf({ paused: true })) }],
  ['NODE_UNREACHABLE', DEGRADED, 'PostgresNode:patroni/db2', { nodes: [LEADER, nodeOf('db2', { patroni: away() })] }],
  ['NODE_UNREACHABLE', CRITICAL, 'PostgresNode:patroni/db1', { nodes: [{ ...LEADER, patroni: away() }] }],
  ['NODE_STOPPED', DEGRADED, 'PostgresNode:patroni/db2', services('db2', { state: ServiceState.EXITED })],
  ['NODE_STOPPED', CRITICAL, 'PostgresNode:patroni/db1', services('db1', { state: ServiceState.EXITED })],
  [
    'LEADER_NOT_RUNNING',
    CRITICAL,
    'PostgresNode:patroni/db1',
    { nodes: [{ ...LEADER, patroni: seen(patroniStatus({ state: NodeState.CRASHED })) }] },
  ],
  ['REPLICA_NOT_STREAMING', DEGRADED, 'PostgresNode:patroni/db2', replica({ state: NodeState.IN_ARCHIVE_RECOVERY })],
  ['PENDING_RESTART', DEGRADED, 'PostgresNode:patroni/db2', replica({ pendingRestart: true })],
  ['PENDING_RESTART', DEGRADED, 'PostgresNode:patroni/db2', { nodes: [LOWERED_REPLICA, LOWERED_LEADER] }],
  ['ROLE_CANNOT_LOGIN', DEGRADED, 'PostgresNode:patroni/db2', { nodes: [LEADER, nodeOf('db2', REFUSED)] }],
  ['REPLICA_LAGGING', DEGRADED, 'PostgresNode:patroni/db2', behind(16 * 1024 ** 2 + 1)],
  ['SLOT_RETAINS_WAL', DEGRADED, 'PostgresNode:patroni/db1', slot({ retainedBytes: 5 * 2 ** 30 })],
  ['SLOT_AT_RISK', DEGRADED, 'PostgresNode:patroni/db1', slot({ active: true, walStatus: 'unreserved' })],
  ['SLOT_LOST', DEGRADED, 'PostgresNode:patroni/db1', slot({ walStatus: 'lost' })],
  [
    'CONTAINER_NOT_FOUND',
    DEGRADED,
    'PostgresNode:patroni/db2',
    {
      nodes: [LEADER, nodeOf('db2', { patroni: { ...seen(patroniStatus()), at: new Date(NOW.getTime() + 1) } })],
      ...services('db2', { state: ServiceState.MISSING }),
    },
  ],
  ['ETCD_QUORUM_LOST', CRITICAL, 'Cluster:patroni', { etcd: [etcdOf('etcd1'), etcdOf('etcd2', away())] }],
  ['ETCD_NO_SPACE', CRITICAL, 'Cluster:patroni', { etcd: [etcdOf('etcd1', alarmed('NOSPACE')), etcdOf('etcd2')] }],
  ['ETCD_CORRUPT', CRITICAL, 'Cluster:patroni', { etcd: [etcdOf('etcd1'), etcdOf('etcd2', alarmed('CORRUPT'))] }],
  ['ETCD_MEMBER_DOWN', DEGRADED, 'EtcdNode:patroni/b', { etcd: [etcdOf('a'), etcdOf('b', away()), etcdOf('c')] }],
  ['ETCD_NO_FAULT_TOLERANCE', DEGRADED, 'Cluster:patroni', { etcd: [etcdOf('a'), etcdOf('b', away()), etcdOf('c')] }],
  [
    'SERVICE_DOWN',
    DEGRADED,
    'Service:patroni/barman',
    services('barman', { state: ServiceState.EXITED, exitCode: 137 }),
  ],
  ['SERVICE_DOWN', DEGRADED, 'Service:patroni/redis', services('redis', { state: ServiceState.MISSING })],
  ['SERVICE_DOWN', CRITICAL, 'Service:patroni/haproxy', services('haproxy', { state: ServiceState.RESTARTING })],
  ['SERVICE_UNHEALTHY', DEGRADED, 'Service:patroni/redis', services('redis', { health: 'unhealthy' })],
  [
    'PUBLISHED_PORT_LOST',
    CRITICAL,
    'Service:patroni/haproxy',
    {
      services: servicesSeen([serviceOf('haproxy', { ports: ['127.0.0.1:5000->5000/tcp'] })], 'unix:///docker.sock'),
      hostPorts: {
        docker: 'unix:///docker.sock',
        listening: { ...seen([]), at: new Date(NOW.getTime() + 1) },
      },
    },
  ],
  [
    'HAPROXY_NO_SERVER',
    DEGRADED,
    'Cluster:patroni',
    {
      haproxy: seen([
        {
          name: 'rw',
          servers: [
            {
              name: 'db1',
              status: 'DOWN',
              active: true,
              sessions: 0,
              checkStatus: null,
              lastChangeSeconds: null,
              bytesIn: null,
              bytesOut: null,
            },
          ],
        },
      ]),
    },
  ],
  [
    'ARCHIVING_FAILING',
    DEGRADED,
    'PostgresNode:patroni/db1',
    archiver({ lastFailedAt: new Date(120_000), lastFailedWal: 'b' }),
  ],
  [
    'ARCHIVING_FAILING',
    DEGRADED,
    'PostgresNode:patroni/db1',
    archiver({ lastFailedAt: new Date(120_000), lastArchivedAt: null }),
  ],
  ['ARCHIVING_BEHIND', DEGRADED, 'PostgresNode:patroni/db1', archiver({ pendingSegments: 17 })],
  [
    'ARCHIVING_BEHIND',
    DEGRADED,
    'BackupServer:patroni/patroni',
    server({ incoming: seen({ incomingCount: 17, whole: [], streamingPartial: null, streamingModifiedAt: null }) }),
  ],
  ['WAL_GAP', CRITICAL, 'BackupServer:patroni/patroni', server({ wal: seen(walOf({ 1: [1, 2, 3, 5] })) })],
  [
    'WAL_GAP',
    DEGRADED,
    'BackupServer:patroni/patroni',
    server({ wal: seen(walOf({ 1: [1, 2, 3, 5, 6, 7] })), backups: seen([backupOf(1, 2), backupOf(6, 7, young)]) }),
  ],
  [
    'WAL_GAP',
    CRITICAL,
    'BackupServer:patroni/patroni',
    {
      ...server({ wal: seen(walOf({ 1: range(1, 4), 2: range(6, 8) })) }),
      topology: seen(topologyOf({ timelineHistory: [switchAt(1, lsnOf(5))] })),
      nodes: [{ ...LEADER, patroni: seen(patroniStatus({ state: NodeState.RUNNING, timeline: 2 })) }],
    },
  ],
  ['NO_BACKUP', DEGRADED, 'BackupServer:patroni/patroni', server({ backups: seen([]) })],
  ['BACKUP_TOO_OLD', DEGRADED, 'BackupServer:patroni/patroni', server({ backups: seen([backupOf(1, 2)]) })],
  [
    'LAST_BACKUP_FAILED',
    DEGRADED,
    'Backup:patroni/patroni/2026000003',
    server({
      backups: seen([backupOf(1, 2, young), backupOf(3, 4, { status: BackupStatus.FAILED, error: 'disk full' })]),
    }),
  ],
  [
    'BACKUP_CHECK_FAILED',
    DEGRADED,
    'BackupServer:patroni/patroni',
    server({ checks: seen([{ name: 'ssh', status: CheckStatus.FAILED, message: 'refused', hint: 'fix it' }]) }),
  ],
  [
    'BACKUP_CHECK_UNKNOWN',
    DEGRADED,
    'BackupServer:patroni/patroni',
    server({ checks: seen([{ name: 'check timeout', status: CheckStatus.UNKNOWN, message: null, hint: 'look' }]) }),
  ],
  ['DISK_NEARLY_FULL', DEGRADED, 'BackupServer:patroni/patroni', disk(150)],
  ['DISK_NEARLY_FULL', CRITICAL, 'BackupServer:patroni/patroni', disk(50)],
  [
    'NODE_UNKNOWN',
    UNKNOWN,
    'PostgresNode:patroni/db9',
    { nodes: [LEADER, nodeOf('db9', { patroni: NOT_YET_OBSERVED })], services: [] },
  ],
  ['NOT_OBSERVED', UNKNOWN, 'PostgresNode:patroni/db2', { nodes: [LEADER, nodeOf('db2', { postgres: away() })] }],
  ['NOT_OBSERVED', UNKNOWN, 'Cluster:patroni', { services: servicesAway([serviceOf('db1')]) }],
  ['NOT_OBSERVED', UNKNOWN, 'BackupServer:patroni/patroni', server({ checks: away(), backups: away() })],

  [
    'BACKUP_SERVER_INACTIVE',
    DEGRADED,
    'BackupServer:patroni/patroni',
    server({
      configuration: seen({
        active: false,
        retentionPolicy: null,
        minimumRedundancy: 0,
        compression: null,
        backupMethod: null,
      }),
    }),
  ],
]
