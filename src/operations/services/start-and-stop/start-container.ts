import { type Step, StepOutcome } from '../../define-operation.ts'
import type { ServiceInput } from '../service-input.ts'

/** Starts the service's container, or lets a frozen one go on. */
export const startContainer: Step<ServiceInput> = {
  name: 'start-container',
  title: 'Start its container',
  usualSeconds: 1,

  async isDone({ clients, input }) {
    const { status } = await clients.services.inspect(input.service)
    return status === 'running' ? StepOutcome.DONE : StepOutcome.NOT_DONE
  },

  async run(context) {
    const { services } = context.clients
    const { service } = context.input
    const { status, exitCode } = await services.inspect(service)
    if (status === 'paused') {
      context.log(`The container of ${service} is frozen: it goes on where it stood`)
      await services.unpause(service)
    } else {
      context.log(`The container of ${service} is ${status}${exitCode === null ? '' : ` (exit code ${exitCode})`}`)
      await services.start(service)
    }
    return undefined
  },
}
