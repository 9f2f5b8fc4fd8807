import { z } from 'zod'
import { UnreachableError } from '../../../domain/errors.ts'
import type { StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import type { ServiceInput } from '../service-input.ts'

/** What restartService keeps. */
export const restartServiceState = z
  .object({
    /** When its container had been started before, ISO 8601; null: never. */
    startedBefore: z.string().nullable(),
  })
  .partial()

type State = z.output<typeof restartServiceState>
type Context = StepContext<ServiceInput, State>

/**
 * Restarts the container in one call of Docker's, which goes on when the worker, or what it stands on, is lost. When the
 * container was started last shows whether it was restarted.
 */
export const restartContainer = {
  name: 'restart-container',
  title: 'Restart its container',
  usualSeconds: 4,
  weight: 2,
  pointOfNoReturn: true,

  async isDone(context) {
    return (await isRestarted(context)) ? StepOutcome.DONE : StepOutcome.NOT_DONE
  },

  async run(context) {
    const { services } = context.clients
    const { service } = context.input
    if (context.state().startedBefore === undefined) {
      const { startedAt, status } = await services.inspect(service)
      await context.keep(
        { startedBefore: startedAt?.toISOString() ?? null },
        `The container of ${service} is ${status}`,
      )
      // A frozen one could not end by itself.
      if (status === 'paused') await services.unpause(service)
    }
    try {
      await services.restart(service)
    } catch (error) {
      // The answer was lost, perhaps not the restart.
      if (!(error instanceof UnreachableError) || !(await isRestarted(context))) throw error
    }
    return undefined
  },
} satisfies Step<ServiceInput, State>

async function isRestarted(context: Context): Promise<boolean> {
  const { startedBefore } = context.state()
  if (startedBefore === undefined) return false
  const { status, startedAt } = await context.clients.services.inspect(context.input.service)
  return status === 'running' && startedAt?.toISOString() !== startedBefore
}
