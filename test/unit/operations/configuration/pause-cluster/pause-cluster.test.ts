import { describe, expect, test } from 'vitest'
import pauseCluster, {
  PauseClusterInput,
} from '../../../../../src/operations/configuration/pause-cluster/pause-cluster.kind.ts'
import resumeCluster, {
  ResumeClusterInput,
} from '../../../../../src/operations/configuration/pause-cluster/resume-cluster.kind.ts'
import { planOperation } from '../../../../../src/operations/plan-operation.ts'
import { LEADER, nodeOf, topologyOf } from '../../../../support/builders/cluster.ts'
import { away, seen } from '../../../../support/builders/observed.ts'
import { planContext } from '../../../../support/builders/plan-context.ts'

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
