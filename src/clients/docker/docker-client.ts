import type Docker from 'dockerode'
import { z } from 'zod'
import type { LogLine } from '../../domain/cluster/log-line.ts'
import { NotFoundError } from '../../domain/errors.ts'
import { createLogReader } from './container-logs.ts'
import { type ContainerStatus, MISSING_CONTAINER, parseContainer } from './container-status.ts'
import { type ContainerUsage, parseContainerUsage } from './container-usage.ts'
import { callDocker, openDocker, toHowdahError } from './docker-endpoint.ts'

export interface LogRequest {
  /** How many of the last lines; null for all. */
  readonly tail: number | null
  /** Only lines from then on. */
  readonly since: Date | null
}

/**
 * One Docker engine, read only: it uses nothing but what the stack's socket proxy lets through. Containers go by name.
 * Calls throw UnreachableError; where a container must exist, NotFoundError.
 */
export interface DockerClient {
  /** A container that does not exist is MISSING. */
  inspect(container: string, signal?: AbortSignal): Promise<ContainerStatus>
  /** One sample; what a container uses per second is the difference of two. */
  usage(container: string, signal?: AbortSignal): Promise<ContainerUsage>
  logs(container: string, request: LogRequest, signal?: AbortSignal): Promise<readonly LogLine[]>
  /** Goes on until the signal is aborted (then it just ends) or the container has ended. */
  followLogs(container: string, request: LogRequest, signal: AbortSignal): AsyncIterable<LogLine>
  /**
   * Calls back with the name of each container whose state or health has changed. Resolves when the stream has ended,
   * throws when it broke: what happened until it is opened again has to be looked up.
   */
  watch(request: { onOpen: () => void; onChange: (container: string) => void; signal: AbortSignal }): Promise<void>
}

export interface DockerClientDeps {
  /** "unix:///var/run/docker.sock", "http://docker-proxy:2375". */
  readonly endpoint: string
  readonly timeoutMs?: number
}

// Not exec_create and the like: each health check of each container makes some.
const STATE_EVENTS = 'create start die oom pause unpause restart stop kill destroy rename update health_status'.split(
  ' ',
)

const eventSchema = z.object({ Actor: z.object({ Attributes: z.object({ name: z.string().optional() }).loose() }) })

export function createDockerClient(deps: DockerClientDeps): DockerClient {
  const { endpoint, timeoutMs = 3_000 } = deps
  const docker = openDocker(endpoint)
  const call = <T>(run: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal) =>
    callDocker({ system: 'Docker', timeoutMs, signal }, run)

  return {
    inspect: async (container, signal) => {
      try {
        const answer = await call((abortSignal) => docker.getContainer(container).inspect({ abortSignal }), signal)
        return parseContainer(`Docker ${container}`, answer)
      } catch (error) {
        if (error instanceof NotFoundError) return MISSING_CONTAINER
        throw error
      }
    },
    usage: async (container, signal) => {
      const answer = await call((abortSignal) => {
        const options = { stream: false as const, 'one-shot': true, abortSignal }
        return docker.getContainer(container).stats(options)
      }, signal)
      return parseContainerUsage(`Docker ${container}`, answer)
    },
    logs: async (container, request, signal) => {
      const output = await call(
        (abortSignal) => docker.getContainer(container).logs({ ...logOptions(request), follow: false, abortSignal }),
        signal,
      )
      const reader = createLogReader()
      // Lines of the two streams come in blocks: put them back in the order of their times.
      return [...reader.push(output), ...reader.end()].sort((a, b) => a.at.getTime() - b.at.getTime())
    },
    followLogs: (container, request, signal) => followLogs(docker, container, request, signal, call),
    watch: async ({ onOpen, onChange, signal }) => {
      try {
        const options = { filters: { type: ['container' as const], event: STATE_EVENTS }, abortSignal: signal }
        const events = await call(() => docker.getEvents(options), signal)
        onOpen()
        let started = ''
        for await (const chunk of events) {
          const lines = (started + String(chunk)).split('\n')
          started = lines.pop() ?? ''
          for (const line of lines) {
            const event = eventSchema.safeParse(line === '' ? null : JSON.parse(line))
            const name = event.data?.Actor.Attributes.name
            if (name !== undefined) onChange(name)
          }
        }
      } catch (error) {
        if (!signal.aborted) throw toHowdahError('Docker', error)
      }
    },
  }
}

type Call = <T>(run: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal) => Promise<T>

async function* followLogs(
  docker: Docker,
  container: string,
  request: LogRequest,
  signal: AbortSignal,
  call: Call,
): AsyncGenerator<LogLine> {
  // Also ends the request when the reader stops reading.
  const ended = new AbortController()
  const abortSignal = AbortSignal.any([signal, ended.signal])
  try {
    const stream = await call(
      () => docker.getContainer(container).logs({ ...logOptions(request), follow: true, abortSignal }),
      signal,
    )
    const reader = createLogReader()
    for await (const chunk of stream) yield* reader.push(Buffer.from(chunk))
    yield* reader.end()
  } catch (error) {
    if (!signal.aborted) throw toHowdahError('Docker', error)
  } finally {
    ended.abort()
  }
}

function logOptions({ tail, since }: LogRequest) {
  return {
    stdout: true,
    stderr: true,
    timestamps: true,
    ...(tail === null ? {} : { tail }),
    ...(since === null ? {} : { since: since.getTime() / 1000 }),
  }
}
