import { z } from 'zod'
import type { StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { leads, successors } from '../find-service.ts'
import type { ServiceInput } from '../service-input.ts'

/** What stopService keeps. */
export const stopServiceState = z
  .object({
    /** Nodes that may lead after it; none where it did not lead, or where it was stopped although none could follow. */
    successors: z.array(z.string()),
    /** Who leads since. */
    leader: z.string(),
  })
  .partial()

export type StopServiceState = z.output<typeof stopServiceState>

/** Stops the service's container, with the time that it has to end by itself. Nothing starts it again but a start. */
export const stopContainer: Step<ServiceInput, StopServiceState> = {
  name: 'stop-container',
  title: 'Stop its container',
  usualSeconds: 3,
  weight: 2,
  pointOfNoReturn: true,

  async isDone({ clients, input }) {
    const { status } = await clients.services.inspect(input.service)
    return status === 'exited' || status === 'created' || status === 'dead' ? StepOutcome.DONE : StepOutcome.NOT_DONE
  },

  async run(context) {
    const { service } = context.input
    if (context.state().successors === undefined) await keepSuccessors(context)
    await context.clients.services.stop(service)
    const { exitCode } = await context.clients.services.inspect(service)
    context.log(`The container of ${service} has ended${exitCode === null ? '' : ` with exit code ${exitCode}`}`)
    return undefined
  },
}

/** Who leads has to be known from before the stop. */
async function keepSuccessors(context: StepContext<ServiceInput, StopServiceState>): Promise<void> {
  const { input, layout } = context
  const cluster = context.cluster()
  const leading = leads(cluster, layout, input.service)
  const message = leading ? `${input.service} leads: another node has to take over` : `${input.service} does not lead`
  await context.keep({ successors: leading ? successors(cluster) : [] }, message)
}
