import { beforeEach, describe, expect, test } from 'vitest'
import { NodeState } from '../../../src/domain/cluster/node.ts'
import { UnreachableError } from '../../../src/domain/errors.ts'
import { PauseClusterInput } from '../../../src/operations/configuration/pause-cluster/pause-cluster.kind.ts'
import { waitForPause, writePause } from '../../../src/operations/configuration/pause-cluster/set-pause.ts'
import { waitForConfiguration } from '../../../src/operations/configuration/update-configuration/wait-for-configuration.ts'
import { writeConfiguration } from '../../../src/operations/configuration/update-configuration/write-configuration.ts'
import { StepOutcome } from '../../../src/operations/define-operation.ts'
import { copyData } from '../../../src/operations/nodes/reinitialize-node/copy-data.ts'
import { reloadConfiguration } from '../../../src/operations/nodes/reload-node/reload-configuration.ts'
import { restartReplicas } from '../../../src/operations/nodes/restart-cluster/rolling-restart.ts'
import { switchRolledLeader } from '../../../src/operations/nodes/restart-cluster/switch-rolled-leader.ts'
import { restartPostgres } from '../../../src/operations/nodes/restart-postgres.ts'
import { operationRecord } from '../../support/operations.ts'
import { NOW } from '../domain/builders.ts'
import { FakeCluster } from './fake-steps.ts'

let cluster: FakeCluster
beforeEach(() => {
  cluster = new FakeCluster()
})

const silent = () => Promise.reject(new UnreachableError('Patroni', 'timeout'))
const says =
  (status: number, text: string, effect: () => void = () => {}) =>
  () => {
    effect()
    return Promise.resolve({ status, text })
  }
const onTurn = (times: number, effect: () => void) => {
  let left = times
  return () => {
    left -= 1
    if (left === 0) effect()
  }
}

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

describe('the switchover of a rolling restart', () => {
  const roll = { leader: 'db1', replicas: ['db2', 'db3'], watched: ['db1', 'db2', 'db3'], restartsLeader: true }
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

describe('a change of the configuration', () => {
  const patch = { ttl: 60 }
  const contextOf = (basis: Record<string, unknown>) =>
    cluster.context({ patch }, {}, { plan: { ...operationRecord().plan, basis: { configuration: basis } } })

  test('is written, and then found there', async () => {
    cluster.configuration = { ttl: 30, loop_wait: 10 }
    const context = contextOf({ ttl: 30, loop_wait: 10 })
    expect(await writeConfiguration.isDone?.(context)).toBe(StepOutcome.NOT_DONE)
    await writeConfiguration.run(context)
    expect(cluster.configuration).toEqual({ ttl: 60, loop_wait: 10 })
    expect(await writeConfiguration.isDone?.(context)).toBe(StepOutcome.DONE)
  })

  test('is refused when the configuration is not the one that was planned on', async () => {
    cluster.configuration = { ttl: 30, loop_wait: 5 }
    const run = writeConfiguration.run(contextOf({ ttl: 30, loop_wait: 10 }))
    await expect(run).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('loop_wait (10 -> 5)'),
    })
    expect(cluster.configuration).toEqual({ ttl: 30, loop_wait: 5 })
  })

  test('is undone without taking back what others have changed since', async () => {
    cluster.configuration = { ttl: 60, loop_wait: 5 }
    cluster.state = { writing: true }
    await writeConfiguration.undo?.(contextOf({ loop_wait: 10 }))
    expect(cluster.configuration).toEqual({ loop_wait: 5 })
  })

  test('that was never written is not undone, though others have written the same', async () => {
    cluster.configuration = { ttl: 60 }
    await writeConfiguration.undo?.(contextOf({ ttl: 30 }))
    expect(cluster.configuration).toEqual({ ttl: 60 })
  })

  test('that loses against a client that writes at the same moment is a conflict, and is not undone', async () => {
    cluster.configuration = { ttl: 30 }
    const context = contextOf({ ttl: 30 })
    const faster = {
      ...context,
      keep: async (state: Readonly<Record<string, unknown>>, message: string) => {
        if (state['writing'] === true) cluster.configuration = { ttl: 90 }
        await context.keep(state, message)
      },
    }
    await expect(writeConfiguration.run(faster)).rejects.toMatchObject({ code: 'CONFLICT' })
    await writeConfiguration.undo?.(context)
    expect(cluster.configuration).toEqual({ ttl: 90 })
  })

  test('is left when others have changed the same', async () => {
    cluster.configuration = { ttl: 90 }
    cluster.state = { writing: true }
    await writeConfiguration.undo?.(contextOf({ ttl: 30 }))
    expect(cluster.configuration).toEqual({ ttl: 90 })
  })
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

describe('a pause', () => {
  const written = () => {
    cluster.configuration = { pause: true }
  }
  const input = new PauseClusterInput()

  test('is written again when another client wrote at the same moment', async () => {
    const answers = [says(409, 'conflict'), says(200, '', written)]
    const step = writePause(true)
    const context = cluster.context(input, { patchConfiguration: () => (answers.shift() ?? silent)() })
    expect(await step.isDone?.(context)).toBe(StepOutcome.NOT_DONE)
    await step.run(context)
    expect(cluster.asked).toHaveLength(2)
    expect(await step.isDone?.(context)).toBe(StepOutcome.DONE)
  })

  test('that got no answer and was done is not written again', async () => {
    const patchConfiguration = () => {
      written()
      return silent()
    }
    await writePause(true).run(cluster.context(input, { patchConfiguration }))
    expect(cluster.asked).toHaveLength(1)
  })

  test('that Patroni does not take fails with its words', async () => {
    const run = writePause(true).run(cluster.context(input, { patchConfiguration: says(503, 'no config key') }))
    const message = expect.stringContaining('no config key')
    await expect(run).rejects.toMatchObject({ code: 'CONFIGURATION_REFUSED', message })
  })

  test('is over when every member has noticed', async () => {
    cluster.onSleep = onTurn(3, () => {
      for (const name of ['db1', 'db2', 'db3']) cluster.noticed.add(name)
    })
    const step = waitForPause(true)
    const context = cluster.context(input, {})
    expect(await step.isDone?.(context)).toBe(StepOutcome.NOT_DONE)
    await step.run(context)
    expect(await step.isDone?.(context)).toBe(StepOutcome.DONE)
  })

  test('names who has not noticed in time, which is no failure', async () => {
    for (const name of ['db1', 'db2']) cluster.noticed.add(name)
    await waitForPause(true).run(cluster.context(input, {}))
    expect(cluster.lines.at(-1)).toContain('db3 not yet')
  })
})

describe('a reload', () => {
  const reload = says(202, 'reload scheduled')

  test('ends when PostgreSQL has read its files since', async () => {
    cluster.onSleep = onTurn(5, () => {
      cluster.loadedAt = new Date(cluster.timeMs)
    })
    const context = cluster.context({ node: 'db2' }, { reload })
    expect(await reloadConfiguration.isDone?.(context)).toBe(StepOutcome.NOT_DONE)
    await reloadConfiguration.run(context)
    expect(cluster.asked).toEqual(['reload db2'])
    expect(await reloadConfiguration.isDone?.(context)).toBe(StepOutcome.DONE)
  })

  test('fails when it never does', async () => {
    const run = reloadConfiguration.run(cluster.context({ node: 'db2' }, { reload }))
    await expect(run).rejects.toMatchObject({ code: 'TIMEOUT' })
  })
})
