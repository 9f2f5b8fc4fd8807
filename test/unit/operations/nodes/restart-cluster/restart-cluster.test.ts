import { describe, expect, test } from 'vitest'
import type { ClusterSnapshot } from '../../../../../src/domain/cluster/cluster.ts'
import { NodeState } from '../../../../../src/domain/cluster/node.ts'
import restartCluster from '../../../../../src/operations/nodes/restart-cluster/restart-cluster.kind.ts'
import { RestartClusterInput } from '../../../../../src/operations/nodes/restart-cluster/restart-cluster-input.ts'
import { planOperation } from '../../../../../src/operations/plan-operation.ts'
import { LEADER, nodeOf, patroniStatus, topologyOf } from '../../../../support/builders/cluster.ts'
import { away, seen } from '../../../../support/builders/observed.ts'
import { planContext } from '../../../../support/builders/plan-context.ts'

const contextOf = (fields: Partial<RestartClusterInput>, changes: Partial<ClusterSnapshot> = {}) =>
  planContext(new RestartClusterInput(), fields, changes)
const replica = (name: string, changes: Parameters<typeof patroniStatus>[0] = {}) =>
  nodeOf(name, { patroni: seen(patroniStatus(changes)) })
const frozen = { nodes: [LEADER, nodeOf('db2', { patroni: away() }), nodeOf('db3')] }
const scheduledSwitchover = { from: 'db1', to: null, at: new Date(0) }
const noCandidate = {
  nodes: [LEADER, replica('db2', { tags: { nofailover: true } }), replica('db3', { tags: { nofailover: true } })],
}

describe('restartCluster is refused', () => {
  const cases: [string, Partial<RestartClusterInput>, Partial<ClusterSnapshot>, string[]][] = [
    ['never when all is well', {}, {}, []],
    ['while the keys cannot be read', {}, { topology: away() }, ['TOPOLOGY_UNKNOWN']],
    ['without a leader', {}, { topology: seen(topologyOf({ leader: null })) }, ['NO_LEADER']],
    [
      'while a switchover is scheduled',
      {},
      { topology: seen(topologyOf({ scheduledSwitchover })) },
      ['SWITCHOVER_SCHEDULED'],
    ],
    ['while paused', {}, { topology: seen(topologyOf({ paused: true })) }, ['CLUSTER_PAUSED']],
    ['while a node is not healthy', {}, frozen, ['NODE_NOT_WELL']],
    ['not with force, which leaves it out', { force: true }, frozen, []],
    ['when no node may take over', {}, noCandidate, ['NO_ELIGIBLE_NODE']],
    ['not for that when the leader stays as it is', { pendingOnly: true }, noCandidate, []],
  ]
  test.each(cases)('%s', async (_, input, changes, expected) => {
    expect((await restartCluster.check(contextOf(input, changes))).map(({ code }) => code)).toEqual(expected)
  })

  test('with the reasons of each node', async () => {
    const [refusal] = await restartCluster.check(contextOf({}, noCandidate))
    expect(refusal?.message).toMatch(/db2 has the tag nofailover.*db3 has the tag nofailover/)
  })
})

describe('the plan of restartCluster', () => {
  test('names the replicas, then the leader', async () => {
    const plan = await planOperation(restartCluster, contextOf({}))
    expect(plan.summary).toContain('db2, db3, db1')
    expect(plan.steps.map(({ name }) => name)).toEqual(restartCluster.steps.map(({ name }) => name))
    expect(plan.downtimeSeconds).toBeGreaterThan(0)
  })

  test('is about the nodes alone where a restart is pending', async () => {
    const nodes = [LEADER, nodeOf('db2'), replica('db3', { pendingRestart: true })]
    const plan = await planOperation(restartCluster, contextOf({ pendingOnly: true }, { nodes }))
    expect(plan).toMatchObject({ downtimeSeconds: 0, summary: expect.stringContaining('on db3,') })
    const needless = await planOperation(restartCluster, contextOf({ pendingOnly: true }))
    expect(needless).toMatchObject({ estimatedSeconds: 0, summary: expect.stringContaining('Nothing to do') })
  })

  test('begins with the leader where a parameter was lowered, and says so', async () => {
    const pendingRestartReasons = { max_connections: { old_value: '200', new_value: '100' } }
    const pending = { pendingRestart: true, pendingRestartReasons }
    const leader = { ...LEADER, patroni: seen({ ...patroniStatus(), ...LEADER.patroni.value, ...pending }) }
    const nodes = [leader, replica('db2', pending), replica('db3', pending)]
    const plan = await planOperation(restartCluster, contextOf({ pendingOnly: true }, { nodes }))
    expect(plan.summary).toContain('db1, db2, db3, in this order')
    expect(plan.steps.map(({ title }) => title)).toContainEqual(
      expect.stringMatching(/db1 while it leads.*max_connections/),
    )
    expect(plan.downtimeSeconds).toBeGreaterThan(0)
    expect(plan.scope).toMatchObject({ nodes: ['db1', 'db2', 'db3'], downtime: 'BRIEF', effects: [] })
  })

  test('says what it leaves out', async () => {
    const plan = await planOperation(restartCluster, contextOf({ force: true }, frozen))
    expect(plan.checks.map(({ message }) => message)).toEqual([expect.stringContaining('db2 is unreachable')])
    expect(plan.summary).not.toContain('db2')
  })

  test('says that a lagging replica does not take over', async () => {
    const nodes = [LEADER, replica('db2', { state: NodeState.IN_ARCHIVE_RECOVERY }), nodeOf('db3')]
    const plan = await planOperation(restartCluster, contextOf({ force: true }, { nodes }))
    expect(plan.steps[1]?.title).toContain('db3 as of now')
  })
})
