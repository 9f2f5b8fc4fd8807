import type Docker from 'dockerode'
import { z } from 'zod'
import type { LogLine } from '../../domain/cluster/log-line.ts'
import { NotFoundError } from '../../domain/errors.ts'
import { type ContainerAddress, type ListedContainer, nameOf } from './container-address.ts'
import { createLogReader } from './container-logs.ts'
import { type ContainerStatus, MISSING_CONTAINER, parseContainer } from './container-status.ts'
import { type ContainerUsage, parseContainerUsage } from './container-usage.ts'
import { callDocker, openDocker, openStreamGuard, toHowdahError } from './docker-endpoint.ts'
import { findContainer } from './find-container.ts'
import type { LifeSigns, StreamGuard } from './stream-guard.ts'

export interface LogRequest {
  /** How many of the last lines; null for all. */
  readonly tail: number | null
  /** Only lines from then on. */
  readonly since: Date | null
}

/**
 * One Docker engine, read only: it uses nothing but what the stack's socket proxy lets through. Containers go by address.
 * Calls throw UnreachableError; where a container must exist, NotFoundError.
 */
export interface DockerClient {
  /** A container that does not exist is MISSING. */
  inspect(container: ContainerAddress, signal?: AbortSignal): Promise<ContainerStatus>
  /** One sample; what a container uses per second is the difference of two. */
  usage(container: ContainerAddress, signal?: AbortSignal): Promise<ContainerUsage>
  logs(container: ContainerAddress, request: LogRequest, signal?: AbortSignal): Promise<readonly LogLine[]>
  /** Goes on until the signal is aborted (then it just ends) or the container has ended. */
  followLogs(container: ContainerAddress, request: LogRequest, signal: AbortSignal): AsyncIterable<LogLine>
  /**
   * Calls back with each container whose state or health has changed. Resolves when the stream has ended,
   * throws when it broke: what happened until it is opened again has to be looked up.
   */
  watch(request: {
    onOpen: () => void
    onChange: (container: ListedContainer) => void
    signal: AbortSignal
  }): Promise<void>
}

export interface DockerClientDeps {
  /** "unix:///var/run/docker.sock", "http://docker-proxy:2375". */
  readonly endpoint: string
  readonly timeoutMs?: number
  /** How long a vanished engine's streams may stay open. */
  readonly signs?: LifeSigns
}

// Not exec_create and the like: each health check of each container makes some.
const STATE_EVENTS = 'create start die oom pause unpause restart stop kill destroy rename update health_status'.split(
  ' ',
)

const eventSchema = z.object({ Actor: z.object({ ID: z.string(), Attributes: z.record(z.string(), z.string()) }) })

export function createDockerClient(deps: DockerClientDeps): DockerClient {
  const { endpoint, timeoutMs = 3_000 } = deps
  const docker = openDocker(endpoint)
  const guard = openStreamGuard(endpoint, deps.signs)
  const system = `Docker at ${endpoint}`
  const call = <T>(run: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal) =>
    callDocker({ system, timeoutMs, signal }, run)
  const open = async (container: ContainerAddress, signal?: AbortSignal) =>
    docker.getContainer(await findContainer(docker, container, { timeoutMs, signal, system }))

  return {
    inspect: async (container, signal) => {
      try {
        const its = await open(container, signal)
        const answer = await call((abortSignal) => its.inspect({ abortSignal }), signal)
        return parseContainer(`Docker ${nameOf(container)}`, answer)
      } catch (error) {
        if (error instanceof NotFoundError) return MISSING_CONTAINER
        throw error
      }
    },
    usage: async (container, signal) => {
      const its = await open(container, signal)
      const answer = await call((abortSignal) => {
        const options = { stream: false as const, 'one-shot': true, abortSignal }
        return its.stats(options)
      }, signal)
      return parseContainerUsage(`Docker ${nameOf(container)}`, answer)
    },
    logs: async (container, request, signal) => {
      const its = await open(container, signal)
      const output = await call(
        (abortSignal) => its.logs({ ...logOptions(request), follow: false, abortSignal }),
        signal,
      )
      const reader = createLogReader()
      // Lines of the two streams come in blocks: put them back in the order of their times.
      return [...reader.push(output), ...reader.end()].sort((a, b) => a.at.getTime() - b.at.getTime())
    },
    followLogs: (container, request, signal) =>
      followLogs({ open: () => open(container, signal), request, signal, call, guard, system }),
    watch: async ({ onOpen, onChange, signal }) => {
      try {
        const options = { filters: { type: ['container' as const], event: STATE_EVENTS }, abortSignal: signal }
        const events = await call(() => docker.getEvents(options), signal)
        onOpen()
        let started = ''
        for await (const chunk of guard.read(events)) {
          const lines = (started + String(chunk)).split('\n')
          started = lines.pop() ?? ''
          for (const line of lines) {
            const event = eventSchema.safeParse(line === '' ? null : JSON.parse(line))
            if (!event.success) continue
            const { ID: id, Attributes: labels } = event.data.Actor
            // Docker puts the name among the labels.
            onChange({ id, name: labels['name'] ?? '', labels })
          }
        }
      } catch (error) {
        if (!signal.aborted) throw toHowdahError(system, error)
      }
    },
  }
}

type Call = <T>(run: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal) => Promise<T>

async function* followLogs({
  open,
  request,
  signal,
  call,
  guard,
  system,
}: {
  readonly open: () => Promise<Docker.Container>
  readonly request: LogRequest
  readonly signal: AbortSignal
  readonly call: Call
  readonly guard: StreamGuard
  readonly system: string
}): AsyncGenerator<LogLine> {
  // Also ends the request when the reader stops reading.
  const ended = new AbortController()
  const abortSignal = AbortSignal.any([signal, ended.signal])
  try {
    const its = await open()
    const stream = await call(() => its.logs({ ...logOptions(request), follow: true, abortSignal }), signal)
    const reader = createLogReader()
    for await (const chunk of guard.read(stream)) yield* reader.push(chunk)
    yield* reader.end()
  } catch (error) {
    if (!signal.aborted) throw toHowdahError(system, error)
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
