import { describe, expect, test } from 'vitest'
import { StepOutcome } from '../../../../../src/operations/define-operation.ts'
import type { ServiceInput } from '../../../../../src/operations/services/service-input.ts'
import { restartContainer } from '../../../../../src/operations/services/start-and-stop/restart-container.ts'
import { serviceStepContext } from '../../../../support/fakes/fake-containers.ts'

describe('a restart', () => {
  test('is told from when the container was started', async () => {
    const containers = { haproxy: { startedAt: new Date(1) } }
    const onRestart = () => {
      containers.haproxy.startedAt = new Date(2)
    }
    const { context, state } = serviceStepContext<ServiceInput>({ service: 'haproxy' }, { containers, onRestart })
    expect(await restartContainer.isDone?.(context)).toBe(StepOutcome.NOT_DONE)
    await restartContainer.run(context)
    expect(state).toEqual({ startedBefore: new Date(1).toISOString() })
    expect(await restartContainer.isDone?.(context)).toBe(StepOutcome.DONE)
  })

  test('is asked for again by a worker that takes over before it was done', async () => {
    const state = { startedBefore: new Date(0).toISOString() }
    const { context } = serviceStepContext<ServiceInput>({ service: 'haproxy' }, { containers: { haproxy: {} }, state })
    expect(await restartContainer.isDone?.(context)).toBe(StepOutcome.NOT_DONE)
  })
})
