import { z } from 'zod'
import type { ServiceStatus } from '../../domain/cluster/cluster.ts'
import { ServiceState } from '../../domain/cluster/node.ts'
import { parseAnswer } from '../parse-answer.ts'

/** What inspecting a container says about its service; what it uses is read separately. */
export type ContainerStatus = Omit<ServiceStatus, 'name' | 'since' | 'cpuPercent' | 'memoryBytes' | 'memoryLimitBytes'>

const inspectSchema = z.object({
  Id: z.string(),
  Config: z.object({ Image: z.string() }),
  RestartCount: z.number(),
  State: z.object({
    Status: z.string(),
    StartedAt: z.string(),
    ExitCode: z.number(),
    Health: z.object({ Status: z.string() }).nullish(),
  }),
  NetworkSettings: z.object({
    Ports: z.record(z.string(), z.array(z.object({ HostIp: z.string(), HostPort: z.string() })).nullable()).nullish(),
  }),
})

const STATES: Readonly<Record<string, ServiceState>> = {
  running: ServiceState.RUNNING,
  paused: ServiceState.PAUSED,
  restarting: ServiceState.RESTARTING,
  exited: ServiceState.EXITED,
  created: ServiceState.CREATED,
  dead: ServiceState.DEAD,
  removing: ServiceState.REMOVING,
}

export const MISSING_CONTAINER: ContainerStatus = {
  containerId: null,
  image: '',
  state: ServiceState.MISSING,
  health: null,
  startedAt: null,
  exitCode: null,
  restartCount: 0,
  ports: [],
}

/** Reads `GET /containers/NAME/json`. Throws UnexpectedAnswerError. */
export function parseContainer(system: string, answer: unknown): ContainerStatus {
  const { Id, Config, State, RestartCount, NetworkSettings } = parseAnswer(system, inspectSchema, answer)
  const state = STATES[State.Status] ?? ServiceState.UNKNOWN
  const alive = state === ServiceState.RUNNING || state === ServiceState.PAUSED
  const health = State.Health?.Status ?? 'none'
  // Docker writes year 1 for "never".
  const startedAt = State.StartedAt.startsWith('0001-') ? null : new Date(State.StartedAt)
  return {
    containerId: Id,
    image: Config.Image,
    state,
    // The last check of a container that has ended says nothing.
    health: alive && health !== 'none' ? health : null,
    startedAt,
    exitCode: alive || startedAt === null ? null : State.ExitCode,
    restartCount: RestartCount,
    ports: Object.entries(NetworkSettings.Ports ?? {}).flatMap(([port, bindings]) =>
      (bindings ?? []).map(({ HostIp, HostPort }) => `${HostIp}:${HostPort}->${port}`),
    ),
  }
}
