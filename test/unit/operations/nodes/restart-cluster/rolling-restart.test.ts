import { beforeEach, describe, expect, test } from 'vitest'
import { NodeState } from '../../../../../src/domain/cluster/node.ts'
import { StepOutcome } from '../../../../../src/operations/define-operation.ts'
import { restartReplicas } from '../../../../../src/operations/nodes/restart-cluster/rolling-restart.ts'
import { FakeCluster } from '../../../../support/fakes/fake-cluster.ts'

let cluster: FakeCluster
beforeEach(() => {
  cluster = new FakeCluster()
})

describe('the replicas of a rolling restart', () => {
  const restarting = (then: (node: string) => void = () => {}) => ({
    restart: async () => {
      const node = cluster.asked.at(-1)?.split(' ')[1] ?? ''
      cluster.restart(node)
      then(node)
      return { status: 200, text: '' }
    },
  })

  test('are restarted one by one', async () => {
    const context = cluster.context({}, restarting())
    expect(await restartReplicas.isDone?.(context)).toBe(StepOutcome.NOT_DONE)
    await restartReplicas.run(context)
    expect(cluster.asked).toEqual(['restart db2', 'restart db3'])
    expect(await restartReplicas.isDone?.(context)).toBe(StepOutcome.DONE)
  })

  test('are left alone once one of them is not healthy any more', async () => {
    const crash = restarting((node) => {
      if (node === 'db2') cluster.node('db3').state = NodeState.CRASHED
    })
    const stopped = restartReplicas.run(cluster.context({}, crash))
    await expect(stopped).rejects.toMatchObject({
      code: 'CLUSTER_UNHEALTHY',
      message: expect.stringContaining('db3 is crashed'),
    })
    expect(cluster.state['restarted']).toEqual(['db2'])
  })

  test('are continued at the next by a worker that takes over', async () => {
    cluster.state = {
      roll: { leader: 'db1', replicas: ['db2', 'db3'], watched: ['db1', 'db2', 'db3'], restartsLeader: false },
      restarted: ['db2'],
    }
    await restartReplicas.run(cluster.context({}, restarting(), { attempt: 2 }))
    expect(cluster.asked).toEqual(['restart db3'])
  })

  test('are not touched when another node leads by now', async () => {
    cluster.state = {
      roll: { leader: 'db2', replicas: ['db3'], watched: ['db1', 'db2', 'db3'], restartsLeader: false },
    }
    const run = restartReplicas.run(cluster.context({}, restarting()))
    await expect(run).rejects.toMatchObject({ message: expect.stringContaining('db1 leads instead of db2') })
    expect(cluster.asked).toEqual([])
  })
})
