import { beforeEach, describe, expect, test } from 'vitest'
import { NodeState } from '../../../../../src/domain/cluster/node.ts'
import { UnreachableError } from '../../../../../src/domain/errors.ts'
import { StepOutcome } from '../../../../../src/operations/define-operation.ts'
import { switchRolledLeader } from '../../../../../src/operations/nodes/restart-cluster/switch-rolled-leader.ts'
import { NOW } from '../../../../support/builders/observed.ts'
import { FakeCluster } from '../../../../support/fakes/fake-cluster.ts'
import { onTurn, says } from '../../../../support/fakes/patroni-answers.ts'

let cluster: FakeCluster
beforeEach(() => {
  cluster = new FakeCluster()
})

describe('the switchover of a rolling restart', () => {
  const roll = {
    leader: 'db1',
    replicas: ['db2', 'db3'],
    watched: ['db1', 'db2', 'db3'],
    restartsLeader: true,
    lowered: [],
    replicasAfter: [],
  }
  const move = async (answer: () => Promise<{ status: number; text: string }>) => {
    cluster.state = { roll }
    return switchRolledLeader.run(cluster.context({}, { switchover: answer }))
  }
  const lead = (name: string) => () => {
    cluster.leader = name
    cluster.node(name).state = NodeState.RUNNING
    cluster.node('db1').state = NodeState.STREAMING
  }

  test.each([
    ['with an answer', says(200, 'Successfully switched over', () => lead('db2')())],
    ['with none', () => Promise.reject(new UnreachableError('Patroni', 'timeout'))],
    ['with "may still be in progress"', says(503, 'Switchover status unknown, may still be in progress')],
  ])('%s ends when another node leads and is writable', async (_, answer) => {
    cluster.onSleep = onTurn(20, lead('db2'))
    expect(await move(answer)).toEqual({ downtimeSeconds: expect.any(Number) })
    expect(cluster.lines).toContain('db2 leads')
  })

  test('that another node wins says so', async () => {
    await move(says(200, 'Switched over to db3', lead('db3')))
    expect(cluster.lines).toContain('db2 was to lead, but db3 does')
  })

  test('that is refused fails soon, with the words of Patroni', async () => {
    const refused = move(says(412, 'no good candidates have been found'))
    await expect(refused).rejects.toMatchObject({
      code: 'LEADER_UNCHANGED',
      message: expect.stringMatching(/no good/),
    })
    expect(cluster.timeMs - NOW.getTime()).toBeLessThan(5_000)
  })

  test('that an earlier worker asked for is waited for', async () => {
    cluster.state = { roll, startedBefore: { db1: NOW.toISOString() } }
    cluster.leader = null
    cluster.onSleep = onTurn(3, lead('db3'))
    const context = cluster.context({}, {}, { attempt: 2 })
    expect(await switchRolledLeader.isDone?.(context)).toBe(StepOutcome.NOT_DONE)
    await switchRolledLeader.run(context)
    expect(cluster.asked).toEqual([])
    expect(await switchRolledLeader.isDone?.(context)).toBe(StepOutcome.DONE)
  })
})
