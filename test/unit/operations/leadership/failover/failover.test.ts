import { describe, expect, test } from 'vitest'
import type { ClusterSnapshot, NodeSnapshot } from '../../../../../src/domain/cluster/cluster.ts'
import { NodeRole, NodeState } from '../../../../../src/domain/cluster/node.ts'
import type { PlanContext } from '../../../../../src/operations/context.ts'
import failover from '../../../../../src/operations/leadership/failover/failover.kind.ts'
import { FailoverInput } from '../../../../../src/operations/leadership/failover/failover-input.ts'
import { planOperation } from '../../../../../src/operations/plan-operation.ts'
import { LEADER, nodeOf, patroniStatus, topologyOf } from '../../../../support/builders/cluster.ts'
import { away, seen } from '../../../../support/builders/observed.ts'
import { planContext } from '../../../../support/builders/plan-context.ts'

function contextOf(input: Partial<FailoverInput>, cluster: Partial<ClusterSnapshot>): PlanContext<FailoverInput> {
  return planContext(new FailoverInput(), input, cluster)
}

/** The leader as it was last seen, at position 1000. */
const lostLeader = (lsn: bigint | null = 1000n) =>
  nodeOf('db1', {
    patroni: away(
      'timeout',
      patroniStatus({ role: NodeRole.LEADER, state: NodeState.RUNNING, lsn, receivedLsn: null, replayedLsn: null }),
    ),
    postgres: away('timeout'),
  })
const replica = (name: string, receivedLsn: bigint | null, tags = {}): NodeSnapshot =>
  nodeOf(name, { patroni: seen(patroniStatus({ receivedLsn, replayedLsn: receivedLsn, tags })) })
const noMembers = { topology: seen(topologyOf({ members: new Map() })) }
const lost = (...replicas: NodeSnapshot[]) => ({ ...noMembers, nodes: [lostLeader(), ...replicas] })
const healthy = {}

describe('failover is refused', () => {
  const barred = { nofailover: true }
  const cases: [string, Partial<FailoverInput>, Partial<ClusterSnapshot>, string[]][] = [
    ['while the leader is healthy', {}, healthy, ['LEADER_IS_HEALTHY']],
    ['not then with force', { force: true }, healthy, []],
    ['never to a leader that is healthy: it is already so', { candidate: 'db1' }, healthy, []],
    ['never when the leader is lost', {}, lost(replica('db2', 900n)), []],
    ['to the lost leader itself', { candidate: 'db1' }, lost(replica('db2', 900n)), ['CANDIDATE_NOT_ELIGIBLE']],
    ['to a node that may not lead', { candidate: 'db2' }, lost(replica('db2', 9n, barred)), ['CANDIDATE_NOT_ELIGIBLE']],
    ['when no node may lead', {}, lost(replica('db2', 9n, barred)), ['NO_ELIGIBLE_NODE']],
    ['to an unknown node', { candidate: 'db9' }, lost(), ['UNKNOWN_NODE']],
    ['while nothing is known', {}, { topology: away('no quorum') }, ['TOPOLOGY_UNKNOWN']],
    ['never when no node leads', {}, { topology: seen(topologyOf({ leader: null })) }, []],
  ]
  test.each(cases)('%s', async (_, input, cluster, expected) => {
    const refusals = await failover.check(contextOf(input, cluster))
    expect(refusals.map(({ code }) => code)).toEqual(expected)
  })
})

describe('the plan of failover', () => {
  const lossOf = async (input: Partial<FailoverInput>, cluster: Partial<ClusterSnapshot>) =>
    (await planOperation(failover, contextOf(input, cluster))).dataLoss

  test('chooses who has received most, then the first by name', async () => {
    const plan = await planOperation(failover, contextOf({}, lost(replica('db2', 800n), replica('db3', 900n))))
    expect(plan.summary).toBe('Promotes db3; db1 is given up as leader')
    const equal = await planOperation(failover, contextOf({}, lost(replica('db3', 900n), replica('db2', 900n))))
    expect(equal.summary).toContain('Promotes db2')
  })

  test('never chooses one on a timeline that the others have left, whatever it has received', async () => {
    const recovered = patroniStatus({ receivedLsn: 800n, replayedLsn: 800n, timeline: 24 })
    const cluster = lost(replica('db2', 900n), nodeOf('db3', { patroni: seen(recovered) }))
    expect((await planOperation(failover, contextOf({}, cluster))).summary).toContain('Promotes db3')
  })

  test('counts the bytes between what the leader had and what the candidate has', async () => {
    expect(await lossOf({}, lost(replica('db2', 900n)))).toMatch(
      /^100 bytes of WAL: db2 has received the WAL up to 0\/384, and db1 was last seen at 0\/3E8\./,
    )
  })

  test('says that nothing is known to be lost, and what cannot be known', async () => {
    const sentence = await lossOf({}, lost(replica('db2', 1000n)))
    expect(sentence).toMatch(/^Nothing known to be lost/)
    expect(sentence).toContain('cannot be known')
  })

  test('says when it cannot tell', async () => {
    expect(await lossOf({}, lost(replica('db2', null)))).toContain('not known')
  })

  test('loses nothing where the leader lives and hands over', async () => {
    expect(await lossOf({ force: true }, healthy)).toBeNull()
    const plan = await planOperation(failover, contextOf({ force: true }, healthy))
    expect(plan.checks[0]).toMatchObject({ name: 'leader', hint: expect.stringContaining('switchover is better') })
  })

  test('names its steps', async () => {
    const plan = await planOperation(failover, contextOf({}, { nodes: [LEADER, nodeOf('db2')] }))
    expect(plan.steps.map(({ name }) => name)).toEqual(failover.steps.map(({ name }) => name))
  })

  test('lets a backup of a lost leader not stand in the way', () => {
    const claimed = (cluster: Partial<ClusterSnapshot>) =>
      failover.claims?.(contextOf({}, cluster)).map(({ resource }) => resource)
    expect(claimed(lost(replica('db2', 1n)))).toEqual(['topology'])
    expect(claimed(healthy)).toEqual(['topology', 'leader'])
  })
})
