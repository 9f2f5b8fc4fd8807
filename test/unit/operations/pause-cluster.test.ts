import { describe, expect, test } from 'vitest'
import pauseCluster, {
  PauseClusterInput,
} from '../../../src/operations/configuration/pause-cluster/pause-cluster.kind.ts'
import resumeCluster, {
  ResumeClusterInput,
} from '../../../src/operations/configuration/pause-cluster/resume-cluster.kind.ts'
import reloadNode, { ReloadNodeInput } from '../../../src/operations/nodes/reload-node/reload-node.kind.ts'
import { planOperation } from '../../../src/operations/plan-operation.ts'
import { away, LEADER, nodeOf, seen, topologyOf } from '../domain/builders.ts'
import { planContext } from './upkeep-context.ts'

const paused = { topology: seen(topologyOf({ paused: true })) }
const unreachable = { nodes: [nodeOf('db1', { patroni: away() })] }

describe('pauseCluster and resumeCluster', () => {
  test('are refused only while no member answers', async () => {
    expect(await pauseCluster.check(planContext(new PauseClusterInput(), {}))).toEqual([])
    const refusals = await resumeCluster.check(planContext(new ResumeClusterInput(), {}, unreachable))
    expect(refusals).toMatchObject([{ code: 'NO_MEMBER' }])
  })

  test('plan nothing where it is so already', async () => {
    const plan = await planOperation(pauseCluster, planContext(new PauseClusterInput(), {}, paused))
    expect(plan).toMatchObject({ estimatedSeconds: 0, summary: expect.stringContaining('Nothing to do') })
    expect((await planOperation(resumeCluster, planContext(new ResumeClusterInput(), {}, paused))).summary).toContain(
      'Resumes',
    )
  })

  test('tell what Patroni will repair once it may', async () => {
    const changes = { ...paused, nodes: [LEADER, nodeOf('db2', { patroni: away() })] }
    const plan = await planOperation(resumeCluster, planContext(new ResumeClusterInput(), {}, changes))
    expect(plan.checks).toMatchObject([{ message: expect.stringContaining('db2 is unreachable') }])
  })
})

describe('reloadNode', () => {
  test('is refused for a node that is not there or does not answer', async () => {
    const codes = async (node: string, changes = {}) =>
      (await reloadNode.check(planContext(new ReloadNodeInput(), { node }, changes))).map(({ code }) => code)
    expect(await codes('db2')).toEqual([])
    expect(await codes('db9')).toEqual(['UNKNOWN_NODE'])
    expect(await codes('db1', unreachable)).toEqual(['NODE_UNREACHABLE'])
  })

  test('claims nothing, and needs no quorum', () => {
    expect(reloadNode.claims).toBeUndefined()
    expect(reloadNode.fenced).toBe(false)
  })
})
