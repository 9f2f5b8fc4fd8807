import { describe, expect, test } from 'vitest'
import { StepOutcome } from '../../../../src/operations/define-operation.ts'
import { startNodePatroni } from '../../../../src/operations/services/start-node-patroni.ts'
import { serviceStepContext } from '../../../support/fakes/fake-containers.ts'
import { FakeNodeData } from '../../../support/fakes/fake-node-data.ts'

describe('the Patroni of a node', () => {
  /** A container in which an operation has left Patroni down. */
  function keptDown(service: string) {
    const { context } = serviceStepContext({ service }, { containers: { db2: {}, haproxy: {} } })
    const node = Object.assign(new FakeNodeData(), { isUp: false, down: '20261122T110000000-abc123' })
    Object.assign(context.clients, { nodeData: () => node })
    return { context, node }
  }

  test('is started where it is kept down inside a running container, and is started then', async () => {
    const { context, node } = keptDown('db2')
    expect(startNodePatroni.applies?.(context)).toBe(true)
    expect(await startNodePatroni.isDone?.(context)).toBe(StepOutcome.NOT_DONE)
    await startNodePatroni.run(context)
    expect(node).toMatchObject({ done: ['start'], down: null })
    expect(await startNodePatroni.isDone?.(context)).toBe(StepOutcome.DONE)
  })

  test('is nothing that another service has', () => {
    expect(startNodePatroni.applies?.(keptDown('haproxy').context)).toBe(false)
  })
})
