import { describe, expect, test } from 'vitest'
import type { ClusterSnapshot } from '../../../../../src/domain/cluster/cluster.ts'
import { NodeState } from '../../../../../src/domain/cluster/node.ts'
import reinitializeNode from '../../../../../src/operations/nodes/reinitialize-node/reinitialize-node.kind.ts'
import { ReinitializeNodeInput } from '../../../../../src/operations/nodes/reinitialize-node/reinitialize-node-input.ts'
import { planOperation } from '../../../../../src/operations/plan-operation.ts'
import { LEADER, nodeOf, patroniStatus, postgresStatus, topologyOf } from '../../../../support/builders/cluster.ts'
import { away, seen } from '../../../../support/builders/observed.ts'
import { planContext } from '../../../../support/builders/plan-context.ts'

const contextOf = (fields: Partial<ReinitializeNodeInput>, changes: Partial<ClusterSnapshot> = {}) =>
  planContext(new ReinitializeNodeInput(), fields, changes)
const db2 = (state: NodeState) => ({ nodes: [LEADER, nodeOf('db2', { patroni: seen(patroniStatus({ state })) })] })

describe('reinitializeNode is refused', () => {
  const cases: [string, Partial<ReinitializeNodeInput>, Partial<ClusterSnapshot>, string[]][] = [
    ['never on a replica', { node: 'db2' }, {}, []],
    ['on the leader', { node: 'db1' }, {}, ['IS_LEADER']],
    ['on a node that there is not', { node: 'db9' }, {}, ['UNKNOWN_NODE']],
    ['without a leader', { node: 'db2' }, { topology: seen(topologyOf({ leader: null })) }, ['NO_LEADER']],
    ['while the node is copied already', { node: 'db2' }, db2(NodeState.CREATING_REPLICA), ['REINITIALIZING']],
    ['not then with force', { node: 'db2', force: true }, db2(NodeState.CREATING_REPLICA), []],
    ['never on a replica that is down', { node: 'db2' }, db2(NodeState.STOPPED), []],
    [
      'while its Patroni is',
      { node: 'db2' },
      { nodes: [LEADER, nodeOf('db2', { patroni: away() })] },
      ['NODE_UNREACHABLE'],
    ],
  ]
  test.each(cases)('%s', async (_, input, changes, expected) => {
    expect((await reinitializeNode.check(contextOf(input, changes))).map(({ code }) => code)).toEqual(expected)
  })
})

describe('the plan of reinitializeNode', () => {
  test('estimates from the size of the databases, and names its steps', async () => {
    const nodes = (bytes: number) => [
      nodeOf('db1', { ...LEADER, postgres: seen(postgresStatus({ databaseBytes: bytes })) }),
      nodeOf('db2'),
    ]
    const seconds = async (bytes: number) =>
      (await planOperation(reinitializeNode, contextOf({ node: 'db2' }, { nodes: nodes(bytes) }))).estimatedSeconds ?? 0
    expect(await seconds(100e9)).toBeGreaterThan(9 * (await seconds(10e9)))
    const { steps } = await planOperation(reinitializeNode, contextOf({ node: 'db2' }))
    expect(steps.map(({ name }) => name)).toEqual(reinitializeNode.steps.map(({ name }) => name))
  })

  test('loses nothing of a replica that streams, and says what of another', async () => {
    expect((await planOperation(reinitializeNode, contextOf({ node: 'db2' }))).dataLoss).toBeNull()
    const diverged = await planOperation(reinitializeNode, contextOf({ node: 'db2' }, db2(NodeState.STOPPED)))
    expect(diverged.dataLoss).toContain('What db2 alone holds is lost')
  })

  test('warns when no other replica streams', async () => {
    const plan = await planOperation(reinitializeNode, contextOf({ node: 'db2' }, { nodes: [LEADER, nodeOf('db2')] }))
    expect(plan.checks).toMatchObject([{ status: 'WARNING' }])
  })
})
