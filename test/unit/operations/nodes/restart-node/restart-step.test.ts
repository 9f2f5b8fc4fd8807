import { beforeEach, describe, expect, test } from 'vitest'
import { RestartNodeInput } from '../../../../../src/operations/nodes/restart-node/restart-node-input.ts'
import { restartNodeStep } from '../../../../../src/operations/nodes/restart-node/restart-step.ts'
import { FakeCluster, type FakeNode } from '../../../../support/fakes/fake-cluster.ts'
import { onTurn } from '../../../../support/fakes/patroni-answers.ts'

const LOWER = { max_connections: { old_value: '200', new_value: '100' } }
const PENDING = { pendingRestart: true, pendingRestartReasons: LOWER }

let cluster: FakeCluster
beforeEach(() => {
  cluster = new FakeCluster()
})

/** Restarts it; `after`: what Patroni says of it then. */
async function restart(node: string, after: Partial<FakeNode>): Promise<void> {
  const restarted = async () => {
    cluster.restart(node)
    Object.assign(cluster.node(node), after)
    return { status: 200, text: '' }
  }
  await restartNodeStep.run(cluster.context(Object.assign(new RestartNodeInput(), { node }), { restart: restarted }))
}

const told = () => cluster.lines.filter((line) => /pending|goes on without/.test(line))

describe('a node that was restarted', () => {
  test.each(['db1', 'db2'])('%s has nothing said of it where no restart is pending any more', async (node) => {
    Object.assign(cluster.node(node), PENDING)
    await restart(node, { pendingRestart: false, pendingRestartReasons: null })
    expect(told()).toEqual([])
  })

  test('goes on without a lower value that its leader does not run with, which is said at once, with what helps', async () => {
    Object.assign(cluster.node('db1'), PENDING)
    await restart('db2', PENDING)
    expect(told()).toEqual([expect.stringMatching(/^db2 goes on without a lower max_connections: .*restartCluster/)])
  })

  test.each(['db1', 'db2'])('%s is said to wait for another restart where it does', async (node) => {
    const port = { pendingRestart: true, pendingRestartReasons: { port: {} } }
    await restart(node, port)
    expect(told()).toEqual([expect.stringContaining(`a restart is pending still on ${node} (port)`)])
  })

  test('is given the time that Patroni takes to see it', async () => {
    cluster.onSleep = onTurn(5, () => {
      cluster.node('db2').pendingRestart = false
    })
    await restart('db2', { pendingRestart: true })
    expect(told()).toEqual([])
  })
})
