import { type Step, StepOutcome } from '../define-operation.ts'
import { isPatroniStarted, startPatroni } from '../node-access/patroni-service.ts'
import { roleOf, ServiceRole } from './find-service.ts'
import type { ServiceInput } from './service-input.ts'

/** Starts a node's Patroni in its container, which runs: an operation that was lost may have kept it down there. */
export const startNodePatroni: Step<ServiceInput> = {
  name: 'start-patroni',
  title: 'Start its Patroni, where it is kept down',
  usualSeconds: 1,
  weight: 0.2,

  applies: ({ layout, input }) => roleOf(layout, input.service) === ServiceRole.NODE,

  async isDone(context) {
    return (await isPatroniStarted(context, context.input.service)) ? StepOutcome.DONE : StepOutcome.NOT_DONE
  },

  async run(context) {
    const { service } = context.input
    context.log(`The container of ${service} runs, and its Patroni does not: starting it`)
    await startPatroni(context, service)
    return undefined
  },
}
