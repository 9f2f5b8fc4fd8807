import { describe, expect, test } from 'vitest'
import type { ClusterSnapshot } from '../../../../../src/domain/cluster/cluster.ts'
import { NodeRole, NodeState } from '../../../../../src/domain/cluster/node.ts'
import restartNode from '../../../../../src/operations/nodes/restart-node/restart-node.kind.ts'
import { RestartNodeInput } from '../../../../../src/operations/nodes/restart-node/restart-node-input.ts'
import { planOperation } from '../../../../../src/operations/plan-operation.ts'
import { LEADER, nodeOf, patroniStatus } from '../../../../support/builders/cluster.ts'
import { away, seen } from '../../../../support/builders/observed.ts'
import { operationRecord } from '../../../../support/builders/operations.ts'
import { planContext } from '../../../../support/builders/plan-context.ts'

const contextOf = (fields: Partial<RestartNodeInput>, changes: Partial<ClusterSnapshot> = {}) =>
  planContext(new RestartNodeInput(), fields, changes)
const withDb2 = (changes: Parameters<typeof nodeOf>[1]) => ({ nodes: [LEADER, nodeOf('db2', changes), nodeOf('db3')] })
const lower = { max_connections: { old_value: '200', new_value: '100' } }
const waiting = (reasons: object) => ({ pendingRestart: true, pendingRestartReasons: { ...reasons } })
/** What waits on the leader db1 and on its replica db2. */
const whereWait = (onLeader: object | null, onReplica: object) => {
  const role = { role: NodeRole.LEADER, state: NodeState.RUNNING }
  const db1 = { ...LEADER, patroni: seen(patroniStatus({ ...role, ...(onLeader === null ? {} : waiting(onLeader)) })) }
  return { nodes: [db1, nodeOf('db2', { patroni: seen(patroniStatus(waiting(onReplica))) }), nodeOf('db3')] }
}
const pendingOnly = { node: 'db2', pendingOnly: true }
const pending = withDb2({ patroni: seen(patroniStatus({ pendingRestart: true })) })

describe('restartNode is refused', () => {
  const cases: [string, Partial<RestartNodeInput>, Partial<ClusterSnapshot>, string[]][] = [
    ['never on a replica that is healthy', { node: 'db2' }, {}, []],
    ['never on the leader', { node: 'db1' }, {}, []],
    ['on a node that there is not', { node: 'db9' }, {}, ['UNKNOWN_NODE']],
    ['while its Patroni does not answer', { node: 'db2' }, withDb2({ patroni: away() }), ['NODE_UNREACHABLE']],
    [
      'while it is being copied',
      { node: 'db2' },
      withDb2({ patroni: seen(patroniStatus({ state: NodeState.CREATING_REPLICA })) }),
      ['NODE_BUSY'],
    ],
    ['where it waits for what it takes after the leader', pendingOnly, whereWait(lower, lower), ['LEADER_FIRST']],
    ['never where the leader has that already', pendingOnly, whereWait(null, lower), []],
    ['never where it waits for something else too', pendingOnly, whereWait(lower, { ...lower, port: {} }), []],
    ['never where it is asked for all the same', { node: 'db2' }, whereWait(lower, lower), []],
    ['never on the leader itself', { node: 'db1', pendingOnly: true }, whereWait(lower, lower), []],
  ]
  test.each(cases)('%s', async (_, input, changes, expected) => {
    expect((await restartNode.check(contextOf(input, changes))).map(({ code }) => code)).toEqual(expected)
  })
})

describe('the plan of restartNode', () => {
  test('costs downtime on the leader only', async () => {
    expect((await planOperation(restartNode, contextOf({ node: 'db2' }))).downtimeSeconds).toBe(0)
    expect((await planOperation(restartNode, contextOf({ node: 'db1' }))).downtimeSeconds).toBeGreaterThan(0)
  })

  test('expects the downtime that earlier restarts measured', async () => {
    const earlier = [1, 7, 2].map((downtimeSeconds) => operationRecord({ state: { downtimeSeconds } }))
    const plan = await planOperation(restartNode, planContext(new RestartNodeInput(), { node: 'db1' }, {}, earlier))
    expect(plan.downtimeSeconds).toBe(2)
  })

  test('does nothing when only pending restarts are asked for and none is pending', async () => {
    const input = { node: 'db2', pendingOnly: true }
    expect(await planOperation(restartNode, contextOf(input))).toMatchObject({
      estimatedSeconds: 0,
      downtimeSeconds: 0,
    })
    expect((await planOperation(restartNode, contextOf(input, pending))).summary).toContain('a restart is pending')
  })

  test('names its steps', async () => {
    const { steps } = await planOperation(restartNode, contextOf({ node: 'db2' }))
    expect(steps.map(({ name }) => name)).toEqual(restartNode.steps.map(({ name }) => name))
  })
})

describe('restartNode claims', () => {
  const claimed = (fields: Partial<RestartNodeInput>) =>
    (restartNode.claims?.(contextOf(fields)) ?? []).map(({ resource, mode }) => `${resource} ${mode}`)

  test('the leader for itself, so that no base backup of it is under way, unless forced', () => {
    expect(claimed({ node: 'db1' })).toContain('leader EXCLUSIVE')
    expect(claimed({ node: 'db1', force: true })).not.toContain('leader EXCLUSIVE')
    expect(claimed({ node: 'db2' })).toEqual(['topology EXCLUSIVE', 'service/db2 EXCLUSIVE'])
  })

  test('warns on a replica of a lower value that it does not take before its leader', async () => {
    const { checks } = await planOperation(restartNode, contextOf({ node: 'db2' }, whereWait(lower, lower)))
    expect(checks).toEqual([
      expect.objectContaining({ status: 'WARNING', hint: expect.stringContaining('restartCluster') }),
    ])
    expect((await planOperation(restartNode, contextOf({ node: 'db2' }, pending))).checks).toEqual([])
    expect((await planOperation(restartNode, contextOf({ node: 'db2' }, whereWait(null, lower)))).checks).toEqual([])
  })
})
