import type Docker from 'dockerode'
import { z } from 'zod'
import { messageOf, NotFoundError } from '../../domain/errors.ts'
import { parseAnswer } from '../parse-answer.ts'
import { type ContainerAddress, nameOf } from './container-address.ts'
import { recipeOf } from './container-recipe.ts'
import { callDocker, openDocker, openStreamGuard } from './docker-endpoint.ts'
import { findContainer } from './find-container.ts'
import { createImageBuilder, type ImageBuilder, type ImageSources } from './image-builder.ts'
import type { LifeSigns } from './stream-guard.ts'

/** A container as Docker has it now. */
export interface ContainerNow {
  readonly id: string
  /** Docker's word: "running", "exited", "paused", "restarting", "created", "removing", "dead". */
  readonly status: string
  /** Also true of a container that is paused. */
  readonly running: boolean
  /** "healthy", "unhealthy", "starting"; null without a health check. */
  readonly health: string | null
  readonly startedAt: Date | null
  readonly exitCode: number | null
  /** As it was named when the container was made: "howdah/etcd:trixie". */
  readonly image: string
  readonly imageId: string
  readonly networks: readonly string[]
}

/**
 * Starts, stops and replaces containers of one engine. Only the worker has one. Throws UnreachableError,
 * ContainerMissingError, ContainerConflictError, and the signal's reason.
 */
export interface DockerControl {
  readonly images: ImageBuilder
  inspect(container: ContainerAddress): Promise<ContainerNow>
  start(container: ContainerAddress): Promise<void>
  /** TERM, and KILL after the container's own grace period; as long as that takes. */
  stop(container: ContainerAddress, signal?: AbortSignal): Promise<void>
  /** Stops and starts it, in one call: the engine goes on with it when the caller is lost. */
  restart(container: ContainerAddress): Promise<void>
  /** Lets a frozen container go on. Not frozen is success. */
  unpause(container: ContainerAddress): Promise<void>
  rename(container: ContainerAddress, name: string): Promise<void>
  /** A running one too. Its volumes stay. One that does not exist is success. */
  remove(container: ContainerAddress): Promise<void>
  /** Makes a container like another one, of the image that its tag stands for now, and does not start it. */
  createLike(old: string, name: string): Promise<void>
}

const inspectSchema = z.object({
  Id: z.string(),
  Image: z.string(),
  State: z.object({
    Status: z.string(),
    Running: z.boolean(),
    ExitCode: z.number().nullish(),
    StartedAt: z.string(),
    Health: z.object({ Status: z.string() }).nullish(),
  }),
  Config: z.object({ Image: z.string() }),
  NetworkSettings: z.object({ Networks: z.record(z.string(), z.unknown()).nullish() }),
})

/** Longer than any grace period of the stack. */
const STOP_TIMEOUT_MS = 180_000
const START_TIMEOUT_MS = 60_000

export function createDockerControl(deps: {
  endpoint: string
  images: ImageSources
  timeoutMs?: number
  signs?: LifeSigns
}): DockerControl {
  const docker = openDocker(deps.endpoint)
  const { timeoutMs = 10_000 } = deps
  const images = createImageBuilder({
    docker,
    guard: openStreamGuard(deps.endpoint, deps.signs),
    sources: deps.images,
    timeoutMs,
  })
  const call = async <T>(
    container: ContainerAddress,
    ms: number,
    run: (its: Docker.Container, signal: AbortSignal) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> => {
    const id = await findContainer(docker, container, { timeoutMs, signal })
    return callDocker({ system: `Docker ${nameOf(container)}`, timeoutMs: ms, signal }, (abortSignal) =>
      run(docker.getContainer(id), abortSignal),
    )
  }
  return {
    images,
    inspect: async (container) => {
      const answer = await call(container, timeoutMs, (its, abortSignal) => its.inspect({ abortSignal }))
      const parsed = parseAnswer(`Docker ${nameOf(container)}`, inspectSchema, answer)
      const { Id, Image, State, Config, NetworkSettings } = parsed
      return {
        id: Id,
        status: State.Status,
        running: State.Running,
        health: State.Health?.Status ?? null,
        startedAt: State.StartedAt.startsWith('0001') ? null : new Date(State.StartedAt),
        exitCode: State.ExitCode ?? null,
        image: Config.Image,
        imageId: Image,
        networks: Object.keys(NetworkSettings.Networks ?? {}),
      }
    },
    start: (container) =>
      call(container, START_TIMEOUT_MS, (its, abortSignal) => alreadySoIsSuccess(its.start({ abortSignal }))),
    stop: (container, signal) =>
      call(container, STOP_TIMEOUT_MS, (its, abortSignal) => alreadySoIsSuccess(its.stop({ abortSignal })), signal),
    restart: async (container) => {
      await call(container, STOP_TIMEOUT_MS + START_TIMEOUT_MS, (its, abortSignal) => its.restart({ abortSignal }))
    },
    unpause: (container) =>
      call(container, timeoutMs, async (its, abortSignal) => {
        const { State } = await its.inspect({ abortSignal })
        if (State.Paused) await its.unpause({ abortSignal })
      }),
    rename: async (container, name) => {
      await call(container, timeoutMs, (its, abortSignal) => its.rename({ name, abortSignal }))
    },
    remove: async (container) => {
      try {
        await call(container, START_TIMEOUT_MS, (its) => its.remove({ force: true }))
      } catch (error) {
        if (!(error instanceof NotFoundError)) throw error
      }
    },
    createLike: async (old, name) => {
      const inspected = await call(old, timeoutMs, (its, abortSignal) => its.inspect({ abortSignal }))
      const newImageId = (await images.idOf(inspected.Config.Image)) ?? inspected.Image
      const { create, furtherNetworks } = await call(old, timeoutMs, async () => {
        const image = await docker.getImage(inspected.Image).inspect()
        return recipeOf(inspected, image.Config, newImageId)
      })
      await call(name, START_TIMEOUT_MS, async (_, abortSignal) => {
        await docker.createContainer({ name, ...create, abortSignal })
        for (const [network, endpoint] of furtherNetworks) {
          await docker.getNetwork(network).connect({ Container: name, EndpointConfig: endpoint })
        }
      })
    },
  }
}

/** Docker answers 304 to starting what runs and stopping what does not. */
async function alreadySoIsSuccess(call: Promise<unknown>): Promise<void> {
  try {
    await call
  } catch (error) {
    const status = error instanceof Error && 'statusCode' in error ? error.statusCode : null
    if (status !== 304) throw error instanceof Error ? error : new Error(messageOf(error))
  }
}
