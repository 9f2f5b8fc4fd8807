import { beforeEach, describe, expect, test } from 'vitest'
import { NodeState } from '../../../../../src/domain/cluster/node.ts'
import { StepOutcome } from '../../../../../src/operations/define-operation.ts'
import { copyData } from '../../../../../src/operations/nodes/reinitialize-node/copy-data.ts'
import { FakeCluster } from '../../../../support/fakes/fake-cluster.ts'
import { onTurn, says } from '../../../../support/fakes/patroni-answers.ts'

let cluster: FakeCluster
beforeEach(() => {
  cluster = new FakeCluster()
})

describe('a reinitialize', () => {
  const copied = () => {
    cluster.node('db2').manifest = 'bbb'
    cluster.node('db2').state = NodeState.STREAMING
  }
  const begin = () => {
    cluster.node('db2').manifest = null
    cluster.node('db2').state = NodeState.CREATING_REPLICA
  }

  test('ends when the data is another copy', async () => {
    cluster.onSleep = onTurn(5, copied)
    await copyData.run(cluster.context({ node: 'db2' }, { reinitialize: says(200, 'reinitialize started', begin) }))
    expect(cluster.asked).toEqual(['reinitialize db2'])
  })

  test('is watched, not started again, by a worker that takes over', async () => {
    cluster.state = { originBefore: 'adb2' }
    begin()
    cluster.onSleep = onTurn(5, copied)
    const context = cluster.context({ node: 'db2' }, {}, { attempt: 2 })
    expect(await copyData.isDone?.(context)).toBe(StepOutcome.NOT_DONE)
    await copyData.run(context)
    expect(cluster.asked).toEqual([])
    expect(await copyData.isDone?.(context)).toBe(StepOutcome.DONE)
  })

  test('is started by a worker that takes over before it was asked for', async () => {
    cluster.state = { originBefore: 'adb2' }
    cluster.onSleep = onTurn(5, copied)
    const context = cluster.context({ node: 'db2' }, { reinitialize: says(200, '', begin) }, { attempt: 2 })
    await copyData.run(context)
    expect(cluster.asked).toEqual(['reinitialize db2'])
  })

  test('that Patroni refuses fails with its words', async () => {
    const run = copyData.run(
      cluster.context({ node: 'db2' }, { reinitialize: says(503, 'Cluster has no leader, can not reinitialize') }),
    )
    await expect(run).rejects.toMatchObject({
      code: 'REINITIALIZE_REFUSED',
      message: expect.stringContaining('no leader'),
    })
  })
})
