import type { StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import type { ServiceInput } from '../service-input.ts'

type Context = StepContext<ServiceInput>

const BUILD_STEP = /^Step (\d+)\/(\d+) :/

/** Builds the service's image anew. A build that was cut short leaves layers behind, which the next one takes over. */
export const buildImage: Step<ServiceInput> = {
  name: 'build-image',
  title: 'Build its image',
  weight: 5,
  deadlineMs: 30 * 60_000,

  // A build that ended unseen costs the next one seconds.
  done: async () => StepOutcome.NOT_DONE,

  async run(context) {
    const { service } = context.input
    if (context.state()['image'] === undefined) await keepWhatWas(context)
    const { image } = rebuildState(context)
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
    const { image, previousImageId } = rebuildState(context)
    if (image === '' || previousImageId === null) return
    await context.clients.services.rebuild.tag(context.input.service, image, previousImageId)
  },
}

async function keepWhatWas(context: Context): Promise<void> {
  const { services } = context.clients
  const { service } = context.input
  const { image, status } = await services.inspect(service)
  const previousImageId = await services.rebuild.imageId(service, image)
  const kept = { image, previousImageId, ranBefore: status === 'running' }
  await context.keep(kept, `Building ${image}`)
}

/** What the steps of a rebuild keep for each other. */
export interface RebuildState {
  /** "howdah/etcd:trixie"; empty before the first look. */
  readonly image: string
  /** What the image's tag stood for before; null when there was none. */
  readonly previousImageId: string | null
  /** What it stands for now. */
  readonly imageId: string | null
  /** Whether the container ran when the rebuild began. */
  readonly ranBefore: boolean
}

export function rebuildState(context: Context): RebuildState {
  const { image, previousImageId, imageId, ranBefore } = context.state()
  const text = (value: unknown) => (typeof value === 'string' ? value : null)
  return {
    image: text(image) ?? '',
    previousImageId: text(previousImageId),
    imageId: text(imageId),
    ranBefore: ranBefore === true,
  }
}
