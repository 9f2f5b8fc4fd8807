import { beforeEach, expect, test } from 'vitest'
import { NodeState } from '../../../../../src/domain/cluster/node.ts'
import { StepOutcome } from '../../../../../src/operations/define-operation.ts'
import { switchRolledLeader } from '../../../../../src/operations/nodes/restart-cluster/switch-rolled-leader.ts'
import { NOW } from '../../../../support/builders/observed.ts'
import { FakeCluster } from '../../../../support/fakes/fake-cluster.ts'
import { onTurn } from '../../../../support/fakes/patroni-answers.ts'

let cluster: FakeCluster
beforeEach(() => {
  cluster = new FakeCluster()
})

test('a switchover that an earlier worker asked for is waited for', async () => {
  const roll = { leader: 'db1', replicas: ['db2', 'db3'], watched: ['db1', 'db2', 'db3'], restartsLeader: true }
  cluster.state = { roll, startedBefore: { db1: NOW.toISOString() } }
  cluster.leader = null
  cluster.onSleep = onTurn(3, () => {
    cluster.leader = 'db3'
    cluster.node('db3').state = NodeState.RUNNING
    cluster.node('db1').state = NodeState.STREAMING
  })
  const context = cluster.context({}, {}, { attempt: 2 })
  expect(await switchRolledLeader.isDone?.(context)).toBe(StepOutcome.NOT_DONE)
  await switchRolledLeader.run(context)
  expect(cluster.asked).toEqual([])
  expect(await switchRolledLeader.isDone?.(context)).toBe(StepOutcome.DONE)
})
