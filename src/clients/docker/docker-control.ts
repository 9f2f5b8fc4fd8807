import { z } from 'zod'
import { messageOf } from '../../domain/errors.ts'
import { parseAnswer } from '../parse-answer.ts'
import { callDocker, openDocker } from './docker-endpoint.ts'

/** A container as Docker has it now. */
export interface ContainerNow {
  readonly id: string
  /** Docker's word: "running", "exited", "paused", "restarting", "created", "removing", "dead". */
  readonly status: string
  readonly running: boolean
  readonly health: string | null
  readonly startedAt: Date | null
  readonly exitCode: number | null
  readonly image: string
}

/**
 * Starts and stops containers of one engine. Only the worker has one. Throws UnreachableError, NotFoundError for an
 * unknown container, and the signal's reason.
 */
export interface DockerControl {
  inspect(container: string): Promise<ContainerNow>
  start(container: string): Promise<void>
  /** TERM, and KILL after the container's own grace period; as long as that takes. */
  stop(container: string, signal?: AbortSignal): Promise<void>
}

const inspectSchema = z.object({
  Id: z.string(),
  State: z.object({
    Status: z.string(),
    Running: z.boolean(),
    ExitCode: z.number().nullish(),
    StartedAt: z.string(),
    Health: z.object({ Status: z.string() }).nullish(),
  }),
  Config: z.object({ Image: z.string() }),
})

/** Longer than any grace period of the stack. */
const STOP_TIMEOUT_MS = 180_000

export function createDockerControl(deps: { endpoint: string; timeoutMs?: number }): DockerControl {
  const docker = openDocker(deps.endpoint)
  const { timeoutMs = 10_000 } = deps
  return {
    inspect: async (container) => {
      const system = `Docker ${container}`
      const answer = await callDocker({ system, timeoutMs }, (abortSignal) =>
        docker.getContainer(container).inspect({ abortSignal }),
      )
      const { Id, State, Config } = parseAnswer(system, inspectSchema, answer)
      return {
        id: Id,
        status: State.Status,
        running: State.Running,
        health: State.Health?.Status ?? null,
        startedAt: State.StartedAt.startsWith('0001') ? null : new Date(State.StartedAt),
        exitCode: State.ExitCode ?? null,
        image: Config.Image,
      }
    },
    start: (container) =>
      callDocker({ system: `Docker ${container}`, timeoutMs: 60_000 }, async (abortSignal) => {
        await alreadySoIsSuccess(docker.getContainer(container).start({ abortSignal }))
      }),
    stop: (container, signal) =>
      callDocker({ system: `Docker ${container}`, timeoutMs: STOP_TIMEOUT_MS, signal }, async (abortSignal) => {
        await alreadySoIsSuccess(docker.getContainer(container).stop({ abortSignal }))
      }),
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
