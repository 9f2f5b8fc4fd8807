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

describe('a change that PostgreSQL takes at once', () => {
  const patch = { postgresql: { parameters: { work_mem: '8MB' } } }
  const run = async () => {
    const basis = { configuration: {} }
    const context = cluster.context({ patch }, {}, { plan: { ...operationRecord().plan, basis } })
    await writeConfiguration.run(context)
    await waitForConfiguration.run(context)
    return cluster.lines.filter((line) => line.includes('goes on without'))
  }

  test('is over once each node has read it', async () => {
    cluster.onSleep = onTurn(3, () => {
      cluster.loadedAt = new Date(cluster.timeMs)
    })
    expect(await run()).toEqual([])
  })

  test.each([
    [
      'ALTER SYSTEM keeps',
      { setting: '1MB', file: '/data/postgresql.auto.conf' },
      'ALTER SYSTEM has set 1MB (postgresql.auto.conf, line 1)',
    ],
    [
      'its own file sets',
      { setting: '4MB', file: '/data/postgresql.conf' },
      'its configuration has 4MB (postgresql.conf, line 1)',
    ],
    [
      'PostgreSQL does not take',
      { setting: '8MB', file: '/data/postgresql.conf', applied: false, error: 'setting could not be applied' },
      'PostgreSQL does not take it: setting could not be applied (postgresql.conf, line 1)',
    ],
    ['Patroni leaves out', null, 'Patroni has left it out of its configuration'],
  ])('names the node where %s it', async (_, entry, why) => {
    cluster.onSleep = onTurn(1, () => {
      cluster.loadedAt = new Date(cluster.timeMs)
    })
    cluster.fileSettings.set('db2', { work_mem: entry })
    expect(await run()).toEqual([`db2 goes on without work_mem = 8MB: ${why}`])
  })

  test('is over where it runs already, so that Patroni has nothing to write', async () => {
    for (const node of ['db1', 'db2', 'db3']) {
      cluster.fileSettings.set(node, { work_mem: null })
      cluster.running.set(node, { work_mem: '8MB' })
    }
    expect(await run()).toEqual([])
  })

  test('names every node that has not read it', async () => {
    const [line] = await run()
    for (const node of ['db1', 'db2', 'db3']) {
      expect(line).toContain(`${node} goes on without work_mem = 8MB: it has not read its configuration since`)
    }
  })
})
