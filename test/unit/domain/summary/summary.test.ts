import { describe, expect, test } from 'vitest'
import { RetentionStatus } from '../../../../src/domain/backup/backup.ts'
import type { BackupServerSnapshot } from '../../../../src/domain/backup/backup-server.ts'
import type { ClusterSnapshot, HaproxyBackend } from '../../../../src/domain/cluster/cluster.ts'
import { ClusterView } from '../../../../src/domain/cluster/cluster-view.ts'
import { NodeRole, NodeState, ServiceState } from '../../../../src/domain/cluster/node.ts'
import { assessHealth } from '../../../../src/domain/health/health.ts'
import { newestProof, summarizeCluster } from '../../../../src/domain/summary/summary.ts'
import type { LastProof } from '../../../../src/domain/summary/way-back.ts'
import { Timestamp } from '../../../../src/domain/timestamp.ts'
import { WalIndex } from '../../../../src/domain/wal/wal-index.ts'
import { backupOf, backupServerOf, lsnOf, switchAt, walLine } from '../../../support/builders/backups.ts'
import {
  clusterOf,
  LEADER,
  nodeOf,
  patroniStatus,
  postgresStatus,
  serviceOf,
  servicesSeen,
  topologyOf,
} from '../../../support/builders/cluster.ts'
import { away, NOW, seen } from '../../../support/builders/observed.ts'
import { recoveryRecord } from '../../../support/builders/recovery-record.ts'

const NEVER: LastProof = { recovery: null }
const ago = (seconds: number) => Timestamp.fromDate(new Date(NOW.getTime() - seconds * 1000))
const epoch = (seconds: number) => NOW.getTime() / 1000 - seconds

/** WAL on timeline 1 by number, and how many seconds ago it was written. */
function walWritten(segments: readonly (readonly [number: number, secondsAgo: number])[]): WalIndex {
  const index = new WalIndex()
  for (const [number, secondsAgo] of segments) index.append(walLine(1, number, 1000, epoch(secondsAgo)))
  return index
}

const backupAt = (first: number, secondsAgo: number) => backupOf(first, first + 1, { endTime: ago(secondsAgo) })

/** One backup of an hour ago, and WAL until a minute ago. */
function archive(changes: Partial<BackupServerSnapshot> = {}): BackupServerSnapshot {
  return backupServerOf({
    backups: seen([backupAt(1, 3600)]),
    wal: seen(walWritten([1, 2, 3, 4].map((number) => [number, 300 - number * 60]))),
    ...changes,
  })
}

const leading = (status: string): HaproxyBackend[] => [
  {
    name: 'leader',
    servers: ['db1', 'db2', 'db3'].map((name) => ({
      name,
      status: name === 'db1' ? status : 'DOWN',
      active: true,
      sessions: 0,
      checkStatus: name === 'db1' ? 'L7OK' : 'L7STS',
      lastChangeSeconds: null,
      bytesIn: null,
      bytesOut: null,
    })),
  },
]

const ahead = nodeOf('db1', {
  patroni: seen(patroniStatus({ role: NodeRole.LEADER, state: NodeState.RUNNING, lsn: lsnOf(5, 100) })),
  postgres: seen(postgresStatus({ inRecovery: false, lsn: lsnOf(5, 100) })),
})
const NODES = [ahead, nodeOf('db2'), nodeOf('db3')]

const leadingAt = (lsn: bigint, timeline = 1) => [
  nodeOf('db1', {
    patroni: seen(patroniStatus({ role: NodeRole.LEADER, state: NodeState.RUNNING, timeline, lsn })),
    postgres: seen(postgresStatus({ inRecovery: false, lsn })),
  }),
]

function summaryOf(changes: Partial<ClusterSnapshot> = {}, proof: LastProof = NEVER, damaged: readonly string[] = []) {
  const snapshot = clusterOf({ nodes: NODES, haproxy: seen(leading('UP')), backupServers: [archive()], ...changes })
  return summarizeCluster(ClusterView.of(snapshot), {
    health: assessHealth(snapshot, NOW),
    known: { proof, damaged: new Set(damaged) },
    now: NOW,
  })
}

describe('whether the applications can write', () => {
  const silent = { ...ahead, patroni: away<never>('timeout') }
  const silentReplica = nodeOf('db2', { patroni: away('timeout') })
  const promoted = { ...switchAt(1, 1000n), at: new Date('2026-11-22T11:00:00Z'), newLeader: 'db1' }
  test.each<[string, Partial<ClusterSnapshot>, writable: boolean, sentence: string]>([
    ['a leader that HAProxy sends them to', {}, true, 'Applications can write: db1 leads.'],
    [
      'since when it leads, where that is on record',
      { topology: seen(topologyOf({ timelineHistory: [promoted] })) },
      true,
      'Applications can write: db1 leads since 2026-11-22 11:00:00 UTC.',
    ],
    [
      'another node took over last',
      { topology: seen(topologyOf({ timelineHistory: [{ ...promoted, newLeader: 'db2' }] })) },
      true,
      'Applications can write: db1 leads.',
    ],
    [
      'no leader',
      { topology: seen(topologyOf({ leader: null, members: new Map() })), nodes: [nodeOf('db1'), nodeOf('db2')] },
      false,
      'Applications cannot write: no node leads.',
    ],
    [
      'keys that cannot be read, and nodes that do not answer',
      { topology: away('etcd has no quorum'), nodes: [silent, nodeOf('db2')] },
      false,
      'Whether applications can write is not known: who leads cannot be seen (etcd has no quorum).',
    ],
    [
      'a leader that does not answer',
      { nodes: [silent, nodeOf('db2')] },
      false,
      'Whether applications can write is not known: db1, which leads, does not answer.',
    ],
    [
      'a leader whose container has ended',
      { nodes: [silent, nodeOf('db2')], services: servicesSeen([serviceOf('db1', { state: ServiceState.EXITED })]) },
      false,
      'Applications cannot write: db1, which leads, is stopped.',
    ],
    [
      'a leader that starts',
      {
        nodes: [nodeOf('db1', { patroni: seen(patroniStatus({ role: NodeRole.LEADER, state: NodeState.STARTING })) })],
      },
      false,
      'Applications cannot write: db1, which leads, is starting.',
    ],
    [
      'a leader that is still in recovery',
      { nodes: [{ ...ahead, postgres: seen(postgresStatus({ inRecovery: true })) }] },
      false,
      'Applications cannot write: db1, which leads, is still being promoted.',
    ],
    [
      'a leader that has the key, and is a replica by its own word',
      { nodes: [nodeOf('db1', { patroni: seen(patroniStatus({ state: NodeState.RUNNING })) })] },
      false,
      'Applications cannot write: db1, which leads, is still being promoted.',
    ],
    [
      'commits that wait for a standby that is not there',
      {
        topology: seen(
          topologyOf({
            configuration: { synchronous_mode: true, synchronous_mode_strict: 'on' },
            syncStandbys: ['db2'],
          }),
        ),
        nodes: [ahead, silentReplica],
      },
      false,
      'Applications cannot write: db1 leads, and commits wait for a synchronous standby, and none streams.',
    ],
    [
      'commits that wait for one that streams',
      {
        topology: seen(
          topologyOf({
            configuration: { synchronous_mode: 'quorum', synchronous_mode_strict: true },
            syncStandbys: ['db2'],
          }),
        ),
      },
      true,
      'Applications can write: db1 leads.',
    ],
    [
      'transactions that are read-only by configuration',
      {
        topology: seen(
          topologyOf({ configuration: { postgresql: { parameters: { default_transaction_read_only: 'on' } } } }),
        ),
      },
      false,
      'Applications cannot write: db1 leads, and default_transaction_read_only makes their transactions read-only.',
    ],
    [
      'HAProxy that cannot be asked',
      { haproxy: away('connection refused', leading('UP')) },
      false,
      'Whether applications can write is not known: db1 leads, and HAProxy cannot be asked (connection refused).',
    ],
    [
      'HAProxy that has taken the leader out',
      { haproxy: seen(leading('DOWN')) },
      false,
      'Applications cannot write: db1 leads, and HAProxy sends them nowhere (db1 is DOWN, its check says L7OK).',
    ],
    [
      'HAProxy with a configuration of its own',
      { haproxy: seen([]) },
      false,
      'Whether applications can write is not known: db1 leads, and HAProxy has no server "leader/db1".',
    ],
  ])('%s', (_, changes, writable, sentence) => {
    expect(summaryOf(changes).writes).toMatchObject({ writable, sentence })
  })
})

describe('what losing every node would lose', () => {
  const streamed = (seconds: number, streamingPartial = '000000010000000000000005.partial') =>
    seen({ incomingCount: 0, whole: [], streamingPartial, streamingModifiedAt: ago(seconds) })
  const server = (changes: Partial<BackupServerSnapshot>) => ({ backupServers: [archive(changes)] })
  test.each<[string, Partial<ClusterSnapshot>, seconds: number | null, sentence: string]>([
    [
      'what was written since Barman last took WAL in',
      {},
      60,
      'Losing every node now would lose up to 60 s of writes: Barman last took WAL in 60 s ago.',
    ],
    [
      'less where it is streamed',
      server({ incoming: streamed(4) }),
      4,
      'Losing every node now would lose up to 4 s of writes: Barman last took WAL in 4 s ago.',
    ],
    [
      'nothing where the archive has all of it',
      { nodes: [LEADER] },
      0,
      'Losing every node now would lose nothing: Barman has all that db1 has written.',
    ],
    [
      'not known by what a leader said that is silent now',
      { nodes: [{ ...LEADER, patroni: away('timeout', LEADER.patroni.value) }] },
      null,
      'What losing every node now would lose is not known: db1, which leads, does not answer; Barman last took WAL in 60 s ago.',
    ],
    [
      'not known where no node leads',
      { topology: seen(topologyOf({ leader: null, members: new Map() })), nodes: [nodeOf('db1'), nodeOf('db2')] },
      null,
      'What losing every node now would lose is not known: no node is seen to lead; Barman last took WAL in 60 s ago.',
    ],
    [
      'more than what arrives now, while Barman catches up',
      { ...server({ incoming: streamed(1) }), nodes: leadingAt(lsnOf(105)) },
      null,
      'Losing every node now would lose 1.6 GiB of WAL that Barman does not have; since when is not known.',
    ],
    [
      'what arrives now, though the leader has begun another segment',
      { ...server({ incoming: streamed(1) }), nodes: leadingAt(lsnOf(7)) },
      1,
      'Losing every node now would lose up to 1 s of writes: Barman last took WAL in 1 s ago.',
    ],
    [
      'more than the age of a segment that does not follow',
      { ...server({ incoming: streamed(1, '000000010000000000000009.partial') }), nodes: leadingAt(lsnOf(9, 5)) },
      null,
      'Losing every node now would lose 64.0 MiB of WAL that Barman does not have; since when is not known.',
    ],
    [
      'more than the age of a segment of another timeline',
      { ...server({ incoming: streamed(1, '000000020000000000000005.partial') }) },
      60,
      'Losing every node now would lose up to 60 s of writes: Barman last took WAL in 60 s ago.',
    ],
    [
      "not nothing where Barman's clock is ahead",
      server({ incoming: streamed(-5) }),
      0,
      'Losing every node now would lose up to 1 s of writes: Barman last took WAL in 0 s ago.',
    ],
    [
      'not known without the history, where nothing of this timeline is whole',
      { ...server({}), topology: away('etcd has no quorum'), nodes: leadingAt(lsnOf(9), 2) },
      null,
      "What losing every node now would lose is not known: Patroni's keys cannot be seen, which tell how the timelines followed each other.",
    ],
    [
      'everything without a backup',
      server({ backups: seen([]) }),
      null,
      'Losing every node now would lose everything: there is no backup to recover.',
    ],
    [
      'all that lies behind a gap',
      server({
        wal: seen(
          walWritten([
            [1, 3500],
            [2, 1800],
            [4, 60],
          ]),
        ),
        incoming: streamed(1),
      }),
      1800,
      'Losing every node now would lose up to 30 min of writes: nothing written after 2026-11-22 11:30:00 UTC can be recovered.',
    ],
    [
      'all that is on a timeline of which nothing is archived yet',
      {
        topology: seen(topologyOf({ timelineHistory: [switchAt(1, lsnOf(5))] })),
        nodes: [
          {
            ...ahead,
            patroni: seen(
              patroniStatus({ role: NodeRole.LEADER, state: NodeState.RUNNING, timeline: 2, lsn: lsnOf(9) }),
            ),
          },
        ],
      },
      60,
      'Losing every node now would lose up to 60 s of writes: nothing written after 2026-11-22 11:59:00 UTC can be recovered.',
    ],
    [
      'not known while its WAL cannot be seen',
      server({
        wal: away(
          'connection refused',
          walWritten([
            [1, 3500],
            [2, 60],
          ]),
        ),
      }),
      null,
      "What losing every node now would lose is not known: Barman's WAL cannot be seen (connection refused).",
    ],
    [
      'not known without a server',
      { backupServers: [] },
      null,
      'What losing every node now would lose is not known: no backup server is configured.',
    ],
  ])('%s', (_, changes, seconds, sentence) => {
    expect(summaryOf(changes).loss).toEqual({ seconds, sentence })
  })
})

describe('how far back one can go', () => {
  const two = (wal: WalIndex) => ({
    backupServers: [archive({ backups: seen([backupAt(1, 86_400), backupAt(6, 3600)]), wal: seen(wal) })],
  })
  const whole = walWritten([1, 2, 3, 4, 5, 6, 7, 8].map((number) => [number, 80_000 - number * 10_000 + 60]))
  const broken = walWritten([
    [1, 86_400],
    [2, 86_300],
    [3, 43_200],
    [6, 3700],
    [7, 3600],
    [8, 60],
  ])
  const proof: LastProof = {
    recovery: recoveryRecord({
      createdAt: '2026-11-20T09:00:00Z',
      downtimeSeconds: 4,
      verification: { at: '2026-11-20T09:01:10Z', passed: true, message: null, checks: [] },
    }),
  }
  test.each<[string, Partial<ClusterSnapshot>, LastProof, sentence: string]>([
    [
      'from the first backup to the last WAL, never proved',
      {},
      NEVER,
      'One can go back to any moment from 2026-11-22 11:00:00 UTC to 2026-11-22 11:59:00 UTC (59 min); never proved.',
    ],
    [
      'when a recovery last proved it',
      {},
      proof,
      'One can go back to any moment from 2026-11-22 11:00:00 UTC to 2026-11-22 11:59:00 UTC (59 min); last proved 2.1 days ago, in 74 s.',
    ],
    [
      'in one stretch over several backups',
      two(whole),
      NEVER,
      'One can go back to any moment from 2026-11-21 12:00:00 UTC to 2026-11-22 11:59:00 UTC (24.0 h); never proved.',
    ],
    [
      'but for what a gap takes away',
      two(broken),
      NEVER,
      'One can go back to any moment from 2026-11-21 12:00:00 UTC to 2026-11-22 11:59:00 UTC (24.0 h), but for what was written from 2026-11-22 00:00:00 UTC to 2026-11-22 11:00:00 UTC; never proved.',
    ],
    [
      'while Redis is away',
      {},
      { unknown: 'Redis cannot be reached' },
      'One can go back to any moment from 2026-11-22 11:00:00 UTC to 2026-11-22 11:59:00 UTC (59 min); whether its backups are whole, and when that was last proved, is not known: Redis cannot be reached.',
    ],
    [
      'nowhere without a backup',
      { backupServers: [archive({ backups: seen([]) })] },
      proof,
      'There is no way back: there is no backup to recover.',
    ],
    [
      'not known while backups cannot be seen',
      { backupServers: [archive({ backups: away('timeout', [backupAt(1, 3600)]) })] },
      proof,
      "How far back one can go is not known: Barman's backups cannot be seen (timeout).",
    ],
  ])('%s', (_, changes, lastProof, sentence) => {
    expect(summaryOf(changes, lastProof).wayBack.sentence).toBe(sentence)
  })

  test('is none by a backup that is damaged, or that Barman may remove', () => {
    const backups = seen([backupAt(1, 3600)])
    const damaged = summaryOf({ backupServers: [archive({ backups })] }, NEVER, [backupAt(1, 3600).backupId])
    expect([damaged.wayBack.sentence, damaged.loss.sentence]).toEqual([
      'There is no way back: there is no backup to recover.',
      'Losing every node now would lose everything: there is no backup to recover.',
    ])
    const obsolete = { ...backupAt(1, 3600), retentionStatus: RetentionStatus.OBSOLETE }
    expect(summaryOf({ backupServers: [archive({ backups: seen([obsolete]) })] }).wayBack.from).toBeNull()
  })

  test('has the numbers beside it', () => {
    expect(summaryOf(two(broken)).wayBack).toMatchObject({ from: ago(86_400), to: ago(60), gaps: 1 })
    expect(summaryOf({ backupServers: [] }).wayBack).toMatchObject({ from: null, to: null, gaps: 0 })
  })
})

test('a proof is the newest recovery that passed, not the newest one', () => {
  const verified = (id: string, passed: boolean) =>
    recoveryRecord({ id, verification: { at: NOW.toISOString(), passed, message: null, checks: [] } })
  const recoveries = [recoveryRecord({ id: 'd' }), verified('c', false), verified('b', true), verified('a', true)]
  expect(newestProof(recoveries)?.id).toBe('b')
  expect(newestProof(recoveries.slice(0, 2))).toBeNull()
})

test('its status is that of the cluster', () => {
  expect(summaryOf({ nodes: NODES, topology: away('no quorum') }).status).not.toBe('HEALTHY')
})
