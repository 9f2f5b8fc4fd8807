import { describe, expect, it } from 'vitest'
import { RetentionStatus } from '../../../../src/domain/backup/backup.ts'
import type { ClusterSnapshot, NodeSnapshot } from '../../../../src/domain/cluster/cluster.ts'
import { ServiceState } from '../../../../src/domain/cluster/node.ts'
import { assessHealth, HealthStatus } from '../../../../src/domain/health/health.ts'
import { NOT_YET_OBSERVED } from '../../../../src/domain/observed.ts'
import type { WorkerPresence } from '../../../../src/domain/operation/worker-presence.ts'
import { backupOf, backupServerOf, walOf } from '../../../support/builders/backups.ts'
import {
  clusterOf,
  etcdOf,
  LEADER,
  nodeOf,
  patroniStatus,
  postgresStatus,
  serviceOf,
  servicesAway,
  servicesSeen,
  topologyOf,
} from '../../../support/builders/cluster.ts'
import {
  archiver,
  behind,
  disk,
  ILL_CLUSTERS,
  loginRefusal,
  REFUSED,
  server,
  services,
  slot,
  young,
} from '../../../support/builders/ill-clusters.ts'
import { away, NOW, seen } from '../../../support/builders/observed.ts'

const { CRITICAL, DEGRADED, HEALTHY, UNKNOWN } = HealthStatus

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

  it('says of a node that answers no more than that its container is not found', () => {
    const at = new Date(NOW.getTime() + 1)
    const answers = { patroni: { ...seen(patroniStatus()), at } }
    const cluster = clusterOf({
      nodes: [LEADER, nodeOf('db2', answers), nodeOf('db3')],
      ...services('db2', { state: ServiceState.MISSING }),
    })
    const { status, issues } = assessHealth(cluster, NOW)
    expect(status).toBe(DEGRADED)
    expect(issues.filter(({ severity }) => severity !== HEALTHY)).toMatchObject([
      { code: 'CONTAINER_NOT_FOUND', subject: 'PostgresNode:patroni/db2', remedy: /docker rename/ },
    ])
  })

  it('names each Docker endpoint that does not answer, and its services alone', () => {
    const seenOnes = servicesSeen([serviceOf('etcd1', { state: ServiceState.EXITED })])
    const far = servicesAway(
      [serviceOf('db2'), serviceOf('db3')],
      'Docker at http://far:2375 cannot be reached: timeout',
    )
    const { issues } = assessHealth(clusterOf({ services: [...seenOnes, ...far] }), NOW)
    expect(issues.map(({ code, message }) => [code, message])).toEqual(
      expect.arrayContaining([
        ['SERVICE_DOWN', expect.stringContaining('etcd1')],
        [
          'NOT_OBSERVED',
          'Cannot see the containers of db2, db3: Docker at http://far:2375 cannot be reached: timeout.',
        ],
      ]),
    )
    expect(issues.filter(({ code }) => code === 'NODE_STOPPED')).toEqual([])
  })

  it('has another node copied again whose slot is lost, and Barman make its own again', () => {
    const issue = (name: string) =>
      assessHealth(clusterOf(slot({ name, walStatus: 'lost' })), NOW).issues.find(({ code }) => code === 'SLOT_LOST')
    expect(issue('db2')?.action).toMatchObject({ mutation: 'reinitializeNode', input: { node: 'db2' } })
    expect(issue('barman')).toMatchObject({
      remedy: expect.stringContaining('made again by its receiver'),
      action: null,
    })
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
        remedy:
          "docker compose exec -T db1 psql -U postgres -d postgres -c 'GRANT CONNECT ON DATABASE postgres TO howdah'",
      },
    ])
    // Also while a session from before lives, from which everything is seen.
    expect(codes({ loginRefusal }).map(({ code }) => code)).toEqual(['ROLE_CANNOT_LOGIN'])
  })

  it('has nothing to say with three etcd members', () => {
    expect(assessHealth(clusterOf({ etcd: ['a', 'b', 'c'].map((name) => etcdOf(name)) }), NOW).issues).toEqual([])
  })

  it.each([...ILL_CLUSTERS])('names %s (%s)', (code, severity, subject, changes) => {
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
    const issues = assessHealth(clusterOf(), NOW, { workers, schedules: null }).issues.filter(
      ({ code }) => code === 'NO_WORKER',
    )
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
    ['a replica that HAProxy still reads from', 'REPLICA_LAGGING', behind(16 * 1024 ** 2)],
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
        services: [{ name: 'db1', docker: 'unix:///docker.sock', status: nothing }],
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
      clusterOf({
        ...disk(10),
        topology: seen(topologyOf({ paused: true })),
        services: servicesAway([serviceOf('db1')]),
      }),
      NOW,
    )
    expect([status, ...issues.map((issue) => issue.severity)]).toEqual([CRITICAL, CRITICAL, DEGRADED, UNKNOWN, HEALTHY])
  })
})
