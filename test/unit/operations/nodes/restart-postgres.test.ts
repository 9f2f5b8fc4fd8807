import { beforeEach, describe, expect, test } from 'vitest'
import { NodeState } from '../../../../src/domain/cluster/node.ts'
import { restartPostgres } from '../../../../src/operations/nodes/restart-postgres.ts'
import { NOW } from '../../../support/builders/observed.ts'
import { FakeCluster } from '../../../support/fakes/fake-cluster.ts'
import { onTurn, says, silent } from '../../../support/fakes/patroni-answers.ts'

let cluster: FakeCluster
beforeEach(() => {
  cluster = new FakeCluster()
})

describe('a restart', () => {
  const restart = (answer: () => Promise<{ status: number; text: string }>, pendingOnly = false) =>
    restartPostgres(cluster.context({}, { restart: answer }), 'db2', { pendingOnly })

  test('ends when PostgreSQL has restarted and streams', async () => {
    cluster.onSleep = onTurn(5, () => {
      cluster.node('db2').state = NodeState.STREAMING
    })
    await restart(
      says(200, 'restarted successfully', () => {
        cluster.restart('db2')
        cluster.node('db2').state = NodeState.STARTING
      }),
    )
    expect(cluster.asked).toEqual(['restart db2'])
    expect(cluster.node('db2').state).toBe(NodeState.STREAMING)
  })

  test('that got no answer and was done is not asked for again', async () => {
    await restart(() => {
      cluster.restart('db2')
      return silent()
    })
    expect(cluster.asked).toEqual(['restart db2'])
  })

  test('waits for another one, which is as good', async () => {
    cluster.onSleep = onTurn(1, () => cluster.restart('db2'))
    await restart(says(503, 'restart already in progress'))
    expect(cluster.asked).toEqual(['restart db2'])
  })

  test('is asked for again when what was in progress was none', async () => {
    const answers = [says(503, 'reinitialize already in progress'), says(200, '', () => cluster.restart('db2'))]
    await restart(() => (answers.shift() ?? silent)())
    expect(cluster.asked).toHaveLength(2)
  })

  test('fails with the words of Patroni', async () => {
    await expect(restart(says(503, 'restart failed'))).rejects.toMatchObject({ code: 'RESTART_FAILED' })
  })

  test('that nothing is pending for is needless', async () => {
    await restart(says(503, 'restart conditions are not satisfied'), true)
    expect(cluster.node('db2').startedAt).toBe(NOW)
  })

  test('that an earlier worker has made is not made again', async () => {
    cluster.state = { startedBefore: { db2: NOW.toISOString() } }
    cluster.restart('db2')
    await restart(silent)
    expect(cluster.asked).toEqual([])
  })
})
