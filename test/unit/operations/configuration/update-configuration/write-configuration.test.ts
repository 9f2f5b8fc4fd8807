import { beforeEach, describe, expect, test } from 'vitest'
import { writeConfiguration } from '../../../../../src/operations/configuration/update-configuration/write-configuration.ts'
import { StepOutcome } from '../../../../../src/operations/define-operation.ts'
import { operationRecord } from '../../../../support/builders/operations.ts'
import { FakeCluster } from '../../../../support/fakes/fake-cluster.ts'

let cluster: FakeCluster
beforeEach(() => {
  cluster = new FakeCluster()
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
