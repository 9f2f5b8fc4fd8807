import { setMaxListeners } from 'node:events'
import { containerOf, isMeant } from '../clients/docker/container-address.ts'
import { type ContainerUsage, cpuPercentBetween } from '../clients/docker/container-usage.ts'
import type { DockerClient } from '../clients/docker/docker-client.ts'
import type { ServiceLayout } from '../domain/cluster/cluster-layout.ts'
import { ServiceState } from '../domain/cluster/node.ts'
import { messageOf } from '../domain/errors.ts'
import type { Clock } from '../shared/clock.ts'
import { createBackoff } from '../shared/retry.ts'
import { createPoll } from './poll.ts'
import type { Reading, ServiceBoard } from './service-board.ts'
import type { Source } from './source.ts'

export interface ObserveServicesDeps {
  /** Those of one Docker engine. */
  readonly services: readonly ServiceLayout[]
  readonly docker: DockerClient
  readonly clock: Clock
  readonly usageIntervalMs: number
  /** Between two looks at every container; events tell of changes at once. */
  readonly inspectIntervalMs: number
  readonly board: ServiceBoard
  /** A container of the service was started, stopped, or changed its health. */
  readonly onServiceEvent: (service: string) => void
}

export interface ServicesSource extends Source {
  /** Asks for every container again at once. */
  now(): Promise<void>
}

/**
 * The containers of one Docker engine: looked at when it says that something happened, and now and then. What becomes of
 * one engine is nothing to the services of another.
 */
export function observeServices(deps: ObserveServicesDeps): ServicesSource {
  const { services, docker, clock, board } = deps
  const stopping = new AbortController()
  // One listener for each container that is being asked about: many at a time, and none stays.
  setMaxListeners(0, stopping.signal)
  const usages = new Map<string, ContainerUsage>()
  let watching: Promise<void> = Promise.resolve()

  const read = async (service: ServiceLayout): Promise<readonly [string, Reading]> => {
    try {
      return [service.name, { status: await docker.inspect(containerOf(service), stopping.signal) }]
    } catch (error) {
      return [service.name, { error: messageOf(error) }]
    }
  }
  const look = async (some: readonly ServiceLayout[]) => {
    const readings = await Promise.all(some.map(read))
    if (!stopping.signal.aborted) board.put(readings)
  }
  const lost = (error: unknown) => {
    const reason = messageOf(error)
    if (!stopping.signal.aborted) board.put(services.map(({ name }) => [name, { error: reason }] as const))
  }
  const inspections = createPoll({
    at: `containers of ${services[0]?.docker ?? 'Docker'}`,
    clock,
    intervalMs: deps.inspectIntervalMs,
    run: () => look(services),
  })
  const measure = async (service: ServiceLayout) => {
    const { containerId = null, state } = board.get(service.name) ?? {}
    if (containerId === null || state !== ServiceState.RUNNING) return
    const usage = await docker.usage(containerId, stopping.signal).catch(() => null)
    if (usage === null) return
    const cpuPercent = cpuPercentBetween(usages.get(service.name), usage)
    usages.set(service.name, usage)
    const { memoryBytes, memoryLimitBytes } = usage
    board.measured(service.name, { cpuPercent, memoryBytes, memoryLimitBytes })
  }
  const measurements = createPoll({
    at: 'what containers use',
    clock,
    intervalMs: deps.usageIntervalMs,
    run: async () => {
      await Promise.all(services.map(measure))
      board.publish()
    },
  })
  const onChange = async (service: ServiceLayout) => {
    await look([service])
    deps.onServiceEvent(service.name)
    // One that has just started is measured at once, not at the next turn.
    if (board.get(service.name)?.memoryBytes !== null) return
    await measure(service)
    board.publish()
  }
  const watch = async () => {
    const backoff = createBackoff({ initialMs: 250, maxMs: 5_000 })
    while (!stopping.signal.aborted) {
      const ended = docker.watch({
        signal: stopping.signal,
        onOpen: () => {
          backoff.reset()
          // What happened before is looked up.
          void inspections.now()
        },
        onChange: (container) => {
          for (const service of services) if (isMeant(containerOf(service), container)) void onChange(service)
        },
      })
      await ended.catch(lost)
      await clock.sleep(backoff.next(), stopping.signal).catch(() => {})
    }
  }

  return {
    firstLooks: [inspections.firstLook],
    start: () => {
      inspections.start()
      void inspections.firstLook.ended.then(() => measurements.start())
      watching = watch()
    },
    now: () => inspections.now(),
    stop: async () => {
      stopping.abort()
      await Promise.all([inspections.stop(), measurements.stop(), watching])
    },
  }
}
