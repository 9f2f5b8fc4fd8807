import { describe, expect, it } from 'vitest'
import { BackupStatus, RetentionStatus } from '../../../../src/domain/backup/backup.ts'
import { CheckStatus } from '../../../../src/domain/check.ts'
import type { EtcdMemberSnapshot } from '../../../../src/domain/cluster/cluster.ts'
import {
  type BackupServerSnapshot,
  type ClusterSnapshot,
  NOT_YET_OBSERVED,
  type NodeSnapshot,
  type PostgresStatus,
} from '../../../../src/domain/cluster/cluster.ts'
import type { LoginRefusal } from '../../../../src/domain/cluster/login-refusal.ts'
import { NodeState, ServiceState } from '../../../../src/domain/cluster/node.ts'
import { assessHealth, HealthStatus } from '../../../../src/domain/health/health.ts'
import type { WorkerPresence } from '../../../../src/domain/operation/worker-presence.ts'
import { Timestamp } from '../../../../src/domain/timestamp.ts'
import { backupOf, backupServerOf, lsnOf, range, switchAt, walOf } from '../../../support/builders/backups.ts'
import {
  clusterOf,
  etcdOf,
  LEADER,
  nodeOf,
  patroniStatus,
  postgresStatus,
  serviceOf,
  topologyOf,
} from '../../../support/builders/cluster.ts'
import { away, NOW, seen } from '../../../support/builders/observed.ts'

const { CRITICAL, DEGRADED, HEALTHY, UNKNOWN } = HealthStatus

function replica(changes: Parameters<typeof patroniStatus>[0]): Partial<ClusterSnapshot> {
  return { nodes: [LEADER, nodeOf('db2', { patroni: seen(patroniStatus(changes)) })] }
}

function server(changes: Partial<BackupServerSnapshot>): Partial<ClusterSnapshot> {
  return { backupServers: [backupServerOf(changes)] }
}

function services(name: string, changes: Parameters<typeof serviceOf>[1]): Partial<ClusterSnapshot> {
  return { services: seen([serviceOf(name, changes)]) }
}

function archiver(changes: object): Partial<ClusterSnapshot> {
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

const loginRefusal: LoginRefusal = {
  role: 'howdah',
  sqlstate: '42501',
  reason: 'permission denied for database "postgres"',
  cure: { kind: 'STATEMENT', sql: 'GRANT CONNECT ON DATABASE postgres TO howdah', database: 'postgres' },
  passing: false,
}
const REFUSED = { loginRefusal, postgres: away<PostgresStatus>('PostgreSQL db2 does not let role howdah log in') }

const disk = (freeBytes: number) => server({ disk: seen({ usedBytes: 0, freeBytes, totalBytes: 1000 }) })
const hourAgo = new Date(NOW.getTime() - 3_600_000)
const young = { endTime: Timestamp.fromDate(hourAgo) }

const alarmed = (alarm: string): EtcdMemberSnapshot['status'] => {
  const { value } = etcdOf('etcd1').status
  return value === null ? away() : seen({ ...value, alarms: [alarm] })
}

describe('the health of a cluster', () => {
  it.each([ServiceState.RUNNING, ServiceState.PAUSED])(
    'names startService for a node whose container is %s and whose Patroni does not answer',
    (state) => {
      const nodes = [LEADER, nodeOf('db2', { patroni: away() })]
      const { issues } = assessHealth(clusterOf({ nodes, ...services('db2', { state }) }), NOW)
      const issue = issues.find(({ code }) => code === 'NODE_UNREACHABLE')
      expect(issue?.remedy).toContain('startService(input: {service: "db2"})')
    },
  )

  it('is HEALTHY with two etcd members, which is named as the limit that it is', () => {
    const health = assessHealth(clusterOf(), NOW)
    expect([health.status, health.checkedAt]).toEqual([HEALTHY, NOW])
    expect(health.issues.map((issue) => [issue.severity, issue.code])).toEqual([[HEALTHY, 'ETCD_NO_FAULT_TOLERANCE']])
  })

  it('names the role that is not let in, why, and what to paste, and does not call PostgreSQL unseen', () => {
    const codes = (node: Partial<NodeSnapshot>) => {
      const { issues } = assessHealth(clusterOf({ nodes: [LEADER, nodeOf('db2', node), nodeOf('db3')] }), NOW)
      return issues.filter(({ code }) => code !== 'ETCD_NO_FAULT_TOLERANCE')
    }
    expect(codes(REFUSED)).toMatchObject([
      {
        code: 'ROLE_CANNOT_LOGIN',
        message: expect.stringMatching(
          /role howdah log in: permission denied for database "postgres" \(SQLSTATE 42501\)/,
        ),
        // On the leader: a replica takes no ALTER ROLE.
        remedy: "docker exec db1 psql -U postgres -d postgres -c 'GRANT CONNECT ON DATABASE postgres TO howdah'",
      },
    ])
    // Also while a session from before lives, from which everything is seen.
    expect(codes({ loginRefusal }).map(({ code }) => code)).toEqual(['ROLE_CANNOT_LOGIN'])
  })

  it('has nothing to say with three etcd members', () => {
    expect(assessHealth(clusterOf({ etcd: ['a', 'b', 'c'].map((name) => etcdOf(name)) }), NOW).issues).toEqual([])
  })

  it.each<[string, HealthStatus, string | null, Partial<ClusterSnapshot>]>([
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
    ['ROLE_CANNOT_LOGIN', DEGRADED, 'PostgresNode:patroni/db2', { nodes: [LEADER, nodeOf('db2', REFUSED)] }],
    [
      'REPLICA_LAGGING',
      DEGRADED,
      'PostgresNode:patroni/db2',
      {
        nodes: [
          {
            ...LEADER,
            patroni: seen({ ...patroniStatus(), state: NodeState.RUNNING, lsn: 1n << 30n }),
            postgres: seen(postgresStatus({ lsn: 1n << 30n })),
          },
          nodeOf('db2'),
        ],
      },
    ],
    [
      'SLOT_RETAINS_WAL',
      DEGRADED,
      'PostgresNode:patroni/db1',
      {
        nodes: [
          {
            ...LEADER,
            postgres: seen(
              postgresStatus({
                lsn: 1000n,
                slots: [
                  {
                    name: 's',
                    slotType: 'physical',
                    database: null,
                    active: false,
                    restartLsn: 1n,
                    confirmedFlushLsn: null,
                    retainedBytes: 5 * 2 ** 30,
                    walStatus: 'extended',
                  },
                ],
              }),
            ),
          },
        ],
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
      { nodes: [LEADER, nodeOf('db9', { patroni: NOT_YET_OBSERVED })], services: seen([]) },
    ],
    ['NOT_OBSERVED', UNKNOWN, 'PostgresNode:patroni/db2', { nodes: [LEADER, nodeOf('db2', { postgres: away() })] }],
    ['NOT_OBSERVED', UNKNOWN, 'Cluster:patroni', { services: away() }],
    ['NOT_OBSERVED', UNKNOWN, 'BackupServer:patroni/patroni', server({ checks: away(), backups: away() })],
  ])('names %s (%s)', (code, severity, subject, changes) => {
    const health = assessHealth(clusterOf(changes), NOW)
    const issue = health.issues.find((each) => each.code === code && each.severity === severity)
    expect(issue).toMatchObject({ severity, subject })
    expect(issue?.remedy).toBeTruthy()
    expect(health.status).not.toBe(HEALTHY)
  })

  const ago = (seconds: number) => new Date(NOW.getTime() - seconds * 1000)
  it.each<[string, WorkerPresence | null, HealthStatus | null]>([
    ['is not known', null, null],
    ['was there a moment ago', { seenAt: ago(14), waiting: 3 }, null],
    ['was there too long ago', { seenAt: ago(16), waiting: 0 }, DEGRADED],
    ['was never there', { seenAt: null, waiting: 0 }, DEGRADED],
    ['is not there for what waits', { seenAt: ago(3600), waiting: 1 }, CRITICAL],
  ])('a worker that %s', (_which, workers, severity) => {
    const issues = assessHealth(clusterOf(), NOW, workers).issues.filter(({ code }) => code === 'NO_WORKER')
    const remedy = 'Start it: docker compose start worker.'
    expect(issues).toMatchObject(severity === null ? [] : [{ severity, remedy }])
  })

  it.each<[string, string, Partial<ClusterSnapshot>]>([
    [
      'a gap before the oldest backup',
      'WAL_GAP',
      server({ wal: seen(walOf({ 1: [1, 3, 4, 5] })), backups: seen([backupOf(4, 5, young)]) }),
    ],
    [
      'a gap after a stand-alone backup',
      'WAL_GAP',
      server({
        wal: seen(walOf({ 1: [1, 2, 5, 6] })),
        backups: seen([backupOf(1, 2, { retentionStatus: RetentionStatus.KEEP_STANDALONE }), backupOf(5, 6, young)]),
      }),
    ],
    ['a disk with room', 'DISK_NEARLY_FULL', disk(151)],
    [
      'a failure that archiving got over',
      'ARCHIVING_FAILING',
      archiver({ lastFailedAt: new Date(0), lastFailedWal: 'b' }),
    ],
    ['a service of a node, which the node tells of', 'SERVICE_DOWN', services('db2', { state: ServiceState.EXITED })],
    [
      'the age of the last commit on an idle leader',
      'REPLICA_LAGGING',
      { nodes: [LEADER, nodeOf('db2', { postgres: seen(postgresStatus({ replayLagSeconds: 9999 })) })] },
    ],
    [
      'no leader while nothing can be read',
      'NO_LEADER',
      { topology: away(), nodes: [nodeOf('db1', { patroni: away() })] },
    ],
  ])('does not blame %s', (_, code, changes) => {
    expect(assessHealth(clusterOf(changes), NOW).issues.map((issue) => issue.code)).not.toContain(code)
  })

  it('is UNKNOWN before anything has been read, never healthy', () => {
    const nothing = NOT_YET_OBSERVED
    const health = assessHealth(
      clusterOf({
        topology: nothing,
        nodes: [nodeOf('db1', { patroni: nothing, postgres: nothing })],
        etcd: [etcdOf('etcd1', nothing)],
        haproxy: nothing,
        services: nothing,
        backupServers: [
          backupServerOf({
            configuration: nothing,
            checks: nothing,
            backups: nothing,
            wal: nothing,
            incoming: nothing,
            disk: nothing,
          }),
        ],
      }),
      NOW,
    )
    expect(health.status).toBe(UNKNOWN)
    expect(new Set(health.issues.map((issue) => issue.severity))).toEqual(new Set([UNKNOWN]))
  })

  it('puts the worst first', () => {
    const { issues, status } = assessHealth(
      clusterOf({ ...disk(10), topology: seen(topologyOf({ paused: true })), services: away() }),
      NOW,
    )
    expect([status, ...issues.map((issue) => issue.severity)]).toEqual([CRITICAL, CRITICAL, DEGRADED, UNKNOWN, HEALTHY])
  })
})
