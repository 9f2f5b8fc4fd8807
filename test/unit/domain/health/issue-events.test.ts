import { describe, expect, test } from 'vitest'
import type { ClusterSnapshot } from '../../../../src/domain/cluster/cluster.ts'
import { holding } from '../../../../src/domain/health/acknowledgement.ts'
import { assess, HealthStatus, healthContext } from '../../../../src/domain/health/health.ts'
import {
  acknowledge,
  findIssueChanges,
  IssueChange,
  type OpenIssue,
} from '../../../../src/domain/health/issue-events.ts'
import { NOT_YET_OBSERVED } from '../../../../src/domain/observed.ts'
import type { WorkerPresence } from '../../../../src/domain/operation/worker-presence.ts'
import { clusterOf, etcdOf, nodeOf } from '../../../support/builders/cluster.ts'
import { disk, ILL_CLUSTERS } from '../../../support/builders/ill-clusters.ts'
import { away, NOW } from '../../../support/builders/observed.ts'
import { OPERATOR } from '../../../support/builders/operations.ts'

const later = new Date(NOW.getTime() + 600_000)

function changes(
  open: readonly OpenIssue[],
  snapshot: ClusterSnapshot,
  now = NOW,
  workers: WorkerPresence | null = null,
  firstSeen: ReadonlyMap<string, string> = new Map(),
) {
  const context = healthContext(snapshot, now, { workers, schedules: null })
  return findIssueChanges(open, assess(context), context, firstSeen)
}

/** The open issues of a cluster that is like this. */
const opened = (snapshot: ClusterSnapshot, workers: WorkerPresence | null = null) =>
  changes([], snapshot, NOW, workers).map(({ issue }) => issue)

/** Of which nothing can be seen, though it may have been once. */
function unseen(snapshot: ClusterSnapshot, nothing: typeof away | (() => typeof NOT_YET_OBSERVED)): ClusterSnapshot {
  return {
    ...snapshot,
    topology: nothing(),
    haproxy: nothing(),
    services: snapshot.services.map((service) => ({ ...service, status: nothing() })),
    nodes: snapshot.nodes.map((node) => ({ ...node, patroni: nothing(), postgres: nothing(), loginRefusal: null })),
    etcd: snapshot.etcd.map(({ name }) => etcdOf(name, nothing())),
    backupServers: snapshot.backupServers.map(({ cluster, name }) => ({
      cluster,
      name,
      configuration: nothing(),
      checks: nothing(),
      backups: nothing(),
      wal: nothing(),
      incoming: nothing(),
      disk: nothing(),
    })),
  }
}

describe('an issue', () => {
  const paused = clusterOf(ILL_CLUSTERS.find(([code]) => code === 'CLUSTER_PAUSED')?.[3])
  const isPaused = ({ code }: OpenIssue) => code === 'CLUSTER_PAUSED'

  test('is opened once, keeps its id and the time since when it is there, and is resolved once', () => {
    const open = opened(paused)
    expect(open.find(isPaused)).toMatchObject({ id: 'HealthIssue:patroni/CLUSTER_PAUSED', since: NOW.toISOString() })
    expect(changes(open, paused, later)).toEqual([])
    const [gone, ...others] = changes(open, clusterOf(), later)
    expect(others).toEqual([])
    expect(gone).toMatchObject({
      change: IssueChange.RESOLVED,
      issue: { since: NOW.toISOString() },
      message: expect.stringMatching(/^No longer so, after 10 min: The cluster is paused/),
    })
  })

  test('began when it was first seen, and keeps to that', () => {
    const firstSeen = new Map([['HealthIssue:patroni/CLUSTER_PAUSED', NOW.toISOString()]])
    const open = changes([], paused, later, null, firstSeen).map(({ issue }) => issue)
    expect(open.find(isPaused)?.since).toBe(NOW.toISOString())
    expect(open.filter((issue) => !isPaused(issue)).map(({ since }) => since)).not.toContain(NOW.toISOString())
    const seenAgain = new Map([['HealthIssue:patroni/CLUSTER_PAUSED', later.toISOString()]])
    expect(changes(open, clusterOf(), later, null, seenAgain)[0]?.issue.since).toBe(NOW.toISOString())
  })

  test('worsens and eases', () => {
    const open = opened(clusterOf(disk(150)))
    const [worse] = changes(open, clusterOf(disk(50)), later)
    expect(worse).toMatchObject({
      change: IssueChange.WORSENED,
      issue: { severity: HealthStatus.CRITICAL, since: NOW.toISOString() },
      message: expect.stringMatching(/^CRITICAL, was DEGRADED: /),
    })
    const after = open.map((issue) => (issue.id === worse?.issue.id ? worse.issue : issue))
    expect(changes(after, clusterOf(disk(150)), later)).toMatchObject([{ change: IssueChange.EASED }])
  })

  test('that a person has taken note of is so while it lasts or eases, and not when it gets worse', () => {
    const acknowledged = { by: OPERATOR, at: NOW.toISOString(), until: null, reason: 'known' }
    const noted = (issues: readonly OpenIssue[]) => issues.map((issue) => acknowledge(issue, acknowledged).issue)
    const worse = changes(noted(opened(clusterOf(disk(150)))), clusterOf(disk(50)), later)
    expect(worse).toMatchObject([{ change: IssueChange.WORSENED, issue: { acknowledged: null } }])
    const eased = changes(noted(opened(clusterOf(disk(50)))), clusterOf(disk(150)), later)
    expect(eased).toMatchObject([{ change: IssueChange.EASED, issue: { acknowledged } }])
    expect(changes(noted(opened(clusterOf(disk(50)))), clusterOf(disk(50)), later)).toEqual([])
  })

  test.each<[string | null, string, holds: boolean]>([
    [null, '2099-01-01T00:00:00Z', true],
    ['2026-11-22T13:00:00.000Z', '2026-11-22T12:59:59Z', true],
    ['2026-11-22T13:00:00.000Z', '2026-11-22T13:00:00Z', false],
  ])('an acknowledgement until %s at %s: %s', (until, now, holds) => {
    const acknowledged = { by: OPERATOR, at: NOW.toISOString(), until, reason: null }
    expect(holding(acknowledged, new Date(now))).toBe(holds ? acknowledged : null)
  })

  test('of which this process has not read the source yet is neither opened nor gone', () => {
    const before = unseen(clusterOf(), () => NOT_YET_OBSERVED)
    expect(changes([], before)).toEqual([])
    const open = opened(unseen(clusterOf(), away))
    expect(open.map(({ code }) => code)).toContain('NOT_OBSERVED')
    expect(changes(open, before).filter(({ change }) => change === IssueChange.RESOLVED)).toEqual([])
  })

  test('about what is not configured any more is gone', () => {
    const open = opened(clusterOf({ nodes: [nodeOf('db1'), nodeOf('old', { patroni: away() })] }))
    const gone = changes(open, clusterOf()).filter(({ change }) => change === IssueChange.RESOLVED)
    expect(gone.map(({ issue }) => issue.subject)).toContain('PostgresNode:patroni/old')
  })

  test('of a code that this version does not know is gone', () => {
    const [issue] = opened(paused)
    if (issue === undefined) throw new Error('there is none')
    const unknown = {
      ...issue,
      id: 'HealthIssue:patroni/OF_ANOTHER_VERSION',
      code: 'OF_ANOTHER_VERSION' as 'NO_LEADER',
    }
    expect(changes([unknown], clusterOf()).filter(({ change }) => change === IssueChange.RESOLVED)).toHaveLength(1)
  })
})

describe('while nothing can be seen', () => {
  const seenItself = [
    'NOT_OBSERVED',
    'NODE_UNKNOWN',
    'ETCD_MEMBER_DOWN',
    'ETCD_QUORUM_LOST',
    'ETCD_NO_FAULT_TOLERANCE',
    'NODE_UNREACHABLE',
  ]
  const of = ILL_CLUSTERS.filter(([code]) => !seenItself.includes(code))

  test.each([...of])('%s (%s) of %s is not taken to be gone; it is once that is seen', (code, _, subject, ill) => {
    const open = opened(clusterOf(ill)).filter((issue) => issue.code === code && issue.subject === subject)
    expect(open.length).toBeGreaterThan(0)
    const goneIn = (snapshot: ClusterSnapshot) =>
      changes(open, snapshot, later).filter(({ change }) => change === IssueChange.RESOLVED)
    expect(goneIn(unseen(clusterOf(ill), () => NOT_YET_OBSERVED))).toEqual([])
    expect(goneIn(clusterOf())).toHaveLength(open.length)
  })

  test('that there is no worker is not taken to be gone where workers cannot be asked', () => {
    const workers = { seenAt: null, waiting: 0 }
    const open = opened(clusterOf(), workers)
    const codes = (now: WorkerPresence | null) => changes(open, clusterOf(), later, now).map(({ issue }) => issue.code)
    expect(codes(null)).toEqual([])
    expect(codes(workers)).toEqual([])
    expect(codes({ seenAt: later, waiting: 0 })).toEqual(['NO_WORKER'])
  })
})
