import { setMaxListeners } from 'node:events'
import { MISSING_CONTAINER } from '../clients/docker/container-status.ts'
import { type ContainerUsage, cpuPercentBetween } from '../clients/docker/container-usage.ts'
import type { DockerClient } from '../clients/docker/docker-client.ts'
import type { ServiceStatus } from '../domain/cluster/cluster.ts'
import type { ServiceLayout } from '../domain/cluster/cluster-layout.ts'
import { ServiceState } from '../domain/cluster/node.ts'
import { messageOf } from '../domain/errors.ts'
import type { Clock } from '../shared/clock.ts'
import { createBackoff } from '../shared/retry.ts'
import { createPoll } from './poll.ts'
import type { SnapshotStore } from './snapshot-store.ts'
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

/** The containers of one Docker engine: looked at when it says that something happened, and now and then. */
export function observeServices(deps: ObserveServicesDeps): ServicesSource {
  const { services, docker, clock, board } = deps
  const stopping = new AbortController()
  // One listener for each container that is being asked about: many at a time, and none stays.
  setMaxListeners(0, stopping.signal)
  const usages = new Map<string, ContainerUsage>()
  let watching: Promise<void> = Promise.resolve()

  const inspect = async (service: ServiceLayout) => {
    const status = await docker.inspect(service.container, stopping.signal)
    board.set(service.name, (last) => ({
      ...last,
      ...status,
      ...(status.state === ServiceState.RUNNING ? {} : NO_USAGE),
    }))
  }
  const attempt = async (run: () => Promise<unknown>) => {
    try {
      await run()
      board.found(services)
    } catch (error) {
      if (!stopping.signal.aborted) board.failed(services, messageOf(error))
    }
  }
  const inspections = createPoll({
    at: `containers of ${services[0]?.docker ?? 'Docker'}`,
    clock,
    intervalMs: deps.inspectIntervalMs,
    run: () => attempt(() => Promise.all(services.map(inspect))),
  })
  const measure = async (service: ServiceLayout) => {
    if (board.get(service.name)?.state !== ServiceState.RUNNING) return
    const usage = await docker.usage(service.container, stopping.signal).catch(() => null)
    if (usage === null) return
    const cpuPercent = cpuPercentBetween(usages.get(service.name), usage)
    usages.set(service.name, usage)
    const { memoryBytes, memoryLimitBytes } = usage
    board.set(service.name, (last) => ({ ...last, cpuPercent, memoryBytes, memoryLimitBytes }))
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
  const watch = async () => {
    const backoff = createBackoff({ initialMs: 250, maxMs: 5_000 })
    const byContainer = new Map(services.map((service) => [service.container, service]))
    while (!stopping.signal.aborted) {
      const ended = docker.watch({
        signal: stopping.signal,
        onOpen: () => {
          backoff.reset()
          // What happened before is looked up.
          void inspections.now()
        },
        onChange: (container) => {
          const service = byContainer.get(container)
          if (service === undefined) return
          void attempt(() => inspect(service)).then(async () => {
            deps.onServiceEvent(service.name)
            // One that has just started is measured at once, not at the next turn.
            if (board.get(service.name)?.memoryBytes !== null) return
            await measure(service)
            board.publish()
          })
        },
      })
      await ended.catch((error) => board.failed(services, messageOf(error)))
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

const NO_USAGE = { cpuPercent: null, memoryBytes: null, memoryLimitBytes: null } as const

/** Where the services of all engines are put together. */
export interface ServiceBoard {
  get(service: string): ServiceStatus | undefined
  set(service: string, change: (last: ServiceStatus) => ServiceStatus): void
  /** These could be seen: publishes. */
  found(services: readonly ServiceLayout[]): void
  /** These cannot be seen: publishes with the reason. */
  failed(services: readonly ServiceLayout[], reason: string): void
  publish(): void
}

/** A service that has never been seen is UNKNOWN; nothing is published before one was. */
export function createServiceBoard(deps: {
  services: readonly ServiceLayout[]
  store: SnapshotStore
  clock: Clock
}): ServiceBoard {
  const { services, store, clock } = deps
  const known = new Map<string, ServiceStatus>(
    services.map(({ name }) => [name, { ...MISSING_CONTAINER, ...NO_USAGE, name, state: ServiceState.UNKNOWN }]),
  )
  const failures = new Map<string, string>()
  let at: Date | null = null
  const publish = () => {
    const value = at === null ? null : services.flatMap(({ name }) => known.get(name) ?? [])
    const error = [...new Set(failures.values())].join('; ') || null
    store.update((whole) => ({ ...whole, services: { value, at, error } }))
  }
  return {
    get: (service) => known.get(service),
    set: (service, change) => {
      const last = known.get(service)
      if (last !== undefined) known.set(service, change(last))
    },
    found: (some) => {
      for (const { docker } of some) failures.delete(docker)
      at = clock.now()
      publish()
    },
    failed: (some, reason) => {
      for (const { docker } of some) failures.set(docker, reason)
      publish()
    },
    publish: () => {
      if (failures.size === 0 && at !== null) at = clock.now()
      publish()
    },
  }
}
