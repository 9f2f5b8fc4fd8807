import type { ContainerNow } from '../../../clients/docker/docker-control.ts'
import { NotFoundError } from '../../../domain/errors.ts'
import { NOTHING_TOUCHED } from '../../../domain/operation/plan-scope.ts'
import type { StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { ContainerGoneError } from '../service-errors.ts'
import type { ServiceInput } from '../service-input.ts'
import type { RebuildServiceState } from './build-image.ts'

type Context = StepContext<ServiceInput, RebuildServiceState>

/**
 * Stops the old container, sets it aside under another name, makes a new one like it and starts that. Which containers
 * there are shows how far it is: a worker that takes over goes on from there. At no time do two of them run.
 */
export const replaceContainer = {
  name: 'replace-container',
  title: 'Replace its container',
  usualSeconds: 5,
  weight: 2,
  comparesPlan: true,

  async isDone(context) {
    const current = await find(context)
    const runs = current?.status === 'running' && current.imageId === context.state().imageId
    return runs ? StepOutcome.DONE : StepOutcome.NOT_DONE
  },

  async run(context) {
    const { services } = context.clients
    const { service } = context.input
    const operation = context.operation.id
    let current = await find(context)
    if ((await services.rebuild.setAsideContainer(service, operation)) === null) {
      if (current === null) throw new ContainerGoneError(service)
      await context.keep({ stopping: true }, `Stopping the old container of ${service}`)
      await services.stop(service)
      const name = await services.rebuild.setAside(service, operation)
      context.log(`The old container of ${service} is set aside as ${name}`)
      current = null
    }
    // One that was made but never started may not have joined all its networks.
    if (current?.status === 'created') {
      await services.rebuild.remove(service)
      current = null
    }
    if (current === null) await services.rebuild.create(service, operation)
    await services.start(service)
    context.log(`A new container of ${service} is started`)
    return undefined
  },

  async undo(context) {
    const { services } = context.clients
    const { service } = context.input
    const operation = context.operation.id
    if ((await services.rebuild.setAsideContainer(service, operation)) !== null) {
      if ((await find(context)) !== null) {
        await services.stop(service)
        await services.rebuild.remove(service)
      }
      await services.rebuild.putBack(service, operation)
      context.log(`The old container of ${service} has its place again`)
    } else if (context.state().stopping === true) {
      // A stop that is still under way would end what is started now: this one waits for it.
      await services.stop(service)
    }
    if (context.state().ranBefore === true) await services.start(service)
  },
} satisfies Step<ServiceInput, RebuildServiceState>

/** The container that was replaced goes when the new one is healthy: until then it can be put back. */
export const removeOldContainer: Step<ServiceInput, RebuildServiceState> = {
  name: 'remove-old-container',
  title: 'Remove the old container',
  usualSeconds: 1,
  pointOfNoReturn: true,
  // Nothing runs in it now; what the new one is by now was compared before it was made.
  scope: () => NOTHING_TOUCHED,

  async isDone({ clients, input, operation }) {
    const old = await clients.services.rebuild.setAsideContainer(input.service, operation.id)
    return old === null ? StepOutcome.DONE : StepOutcome.NOT_DONE
  },

  async run({ clients, input, operation }) {
    await clients.services.rebuild.removeSetAside(input.service, operation.id)
    return undefined
  },
}

/** The container at the service's name; null when there is none. */
async function find({ clients, input }: Context): Promise<ContainerNow | null> {
  try {
    return await clients.services.inspect(input.service)
  } catch (error) {
    if (error instanceof NotFoundError) return null
    throw error
  }
}
