import { z } from 'zod'
import type { StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import type { ServiceInput } from '../service-input.ts'

/** What rebuildService keeps. */
export const rebuildServiceState = z
  .object({
    /** "howdah/etcd:trixie". */
    image: z.string(),
    /** What the image's tag stood for before; null when there was none. */
    previousImageId: z.string().nullable(),
    /** What it stands for now. */
    imageId: z.string(),
    /** Whether the container ran when the rebuild began. */
    ranBefore: z.boolean(),
    /** The old container is stopped, or being stopped. */
    stopping: z.boolean(),
  })
  .partial()

export type RebuildServiceState = z.output<typeof rebuildServiceState>

type Context = StepContext<ServiceInput, RebuildServiceState>

const BUILD_STEP = /^Step (\d+)\/(\d+) :/

/** Builds the service's image. A build that was cut short leaves layers, which the next one reuses. */
export const buildImage: Step<ServiceInput, RebuildServiceState> = {
  name: 'build-image',
  title: 'Build its image',
  usualSeconds: 30,
  weight: 5,
  deadlineMs: 30 * 60_000,

  // A build that ended unseen costs the next one seconds.
  isDone: async () => StepOutcome.NOT_DONE,

  async run(context) {
    const { service } = context.input
    const image = context.state().image ?? (await keepWhatWas(context))
    const imageId = await context.clients.services.rebuild.build(
      service,
      image,
      (line) => {
        const [, step, steps] = BUILD_STEP.exec(line) ?? []
        if (step !== undefined) context.progress({ percent: (Number(step) / Number(steps)) * 100, message: line })
        context.log(line)
      },
      context.signal,
    )
    return { imageId }
  },

  async undo(context) {
    const { image, previousImageId = null } = context.state()
    if (image === undefined || previousImageId === null) return
    await context.clients.services.rebuild.tag(context.input.service, image, previousImageId)
  },
}

/** Answers the name of its image. */
async function keepWhatWas(context: Context): Promise<string> {
  const { services } = context.clients
  const { service } = context.input
  const { image, status } = await services.inspect(service)
  const previousImageId = await services.rebuild.imageId(service, image)
  const kept = { image, previousImageId, ranBefore: status === 'running' }
  await context.keep(kept, `Building ${image}`)
  return image
}
