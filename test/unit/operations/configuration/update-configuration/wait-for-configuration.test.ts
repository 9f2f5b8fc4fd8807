import { beforeEach, describe, expect, test } from 'vitest'
import { waitForConfiguration } from '../../../../../src/operations/configuration/update-configuration/wait-for-configuration.ts'
import { writeConfiguration } from '../../../../../src/operations/configuration/update-configuration/write-configuration.ts'
import { operationRecord } from '../../../../support/builders/operations.ts'
import { FakeCluster } from '../../../../support/fakes/fake-cluster.ts'
import { onTurn } from '../../../../support/fakes/patroni-answers.ts'

let cluster: FakeCluster
beforeEach(() => {
  cluster = new FakeCluster()
})

describe('a change that needs a restart is over', () => {
  const patch = { postgresql: { parameters: { max_connections: 200 } } }
  const run = async () => {
    const context = cluster.context(
      { patch },
      {},
      { plan: { ...operationRecord().plan, basis: { configuration: {} } } },
    )
    await writeConfiguration.run(context)
    const begunMs = cluster.timeMs
    await waitForConfiguration.run(context)
    return cluster.timeMs - begunMs
  }
  const flag = (...names: string[]) => {
    for (const name of names) cluster.node(name).pendingRestart = true
  }

  test('when every node has said that its restart is pending, and not when the first has', async () => {
    let turns = 0
    cluster.onSleep = () => {
      turns += 1
      if (turns === 3) flag('db3')
      if (turns === 8) flag('db1', 'db2')
    }
    await run()
    expect(turns).toBe(8)
    expect(cluster.state['pendingRestart']).toEqual(['db1', 'db2', 'db3'])
  })

  test('soon when PostgreSQL has read the value and needs no restart for it', async () => {
    cluster.onSleep = onTurn(3, () => {
      cluster.loadedAt = new Date(cluster.timeMs)
    })
    expect(await run()).toBeLessThan(4_000)
    expect(cluster.state['pendingRestart']).toEqual([])
  })

  test('after its time, naming who has said nothing', async () => {
    flag('db1', 'db3')
    await run()
    expect(cluster.lines).toContainEqual(expect.stringMatching(/^db2 did not say that a restart is needed/))
  })
})
