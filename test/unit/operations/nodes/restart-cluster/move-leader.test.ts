import { beforeEach, describe, expect, test } from 'vitest'
import { NodeState } from '../../../../../src/domain/cluster/node.ts'
import { UnreachableError } from '../../../../../src/domain/errors.ts'
import { moveLeader } from '../../../../../src/operations/nodes/restart-cluster/move-leader.ts'
import { NOW } from '../../../../support/builders/observed.ts'
import { FakeCluster } from '../../../../support/fakes/fake-cluster.ts'
import { onTurn, says } from '../../../../support/fakes/patroni-answers.ts'

let cluster: FakeCluster
beforeEach(() => {
  cluster = new FakeCluster()
})

describe('a switchover', () => {
  const move = (answer: () => Promise<{ status: number; text: string }>) =>
    moveLeader(cluster.context({}, { switchover: answer }), 'db1', 'db2')
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
    expect(await move(answer)).toBe('db2')
  })

  test('that another node wins says so', async () => {
    expect(await move(says(200, 'Switched over to db3', lead('db3')))).toBe('db3')
    expect(cluster.lines.at(-1)).toContain('not db2 as asked')
  })

  test('that is refused fails soon, with the words of Patroni', async () => {
    const refused = move(says(412, 'no good candidates have been found'))
    await expect(refused).rejects.toMatchObject({
      code: 'LEADER_UNCHANGED',
      message: expect.stringMatching(/no good/),
    })
    expect(cluster.timeMs - NOW.getTime()).toBeLessThan(5_000)
  })
})
