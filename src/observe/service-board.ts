import type { ContainerStatus } from '../clients/docker/container-status.ts'
import type { ServiceStatus } from '../domain/cluster/cluster.ts'
import type { ServiceLayout } from '../domain/cluster/cluster-layout.ts'
import { ServiceState } from '../domain/cluster/node.ts'
import type { Observed } from '../domain/observed.ts'
import { NOT_YET_OBSERVED } from '../domain/observed.ts'
import type { Clock } from '../shared/clock.ts'
import type { SnapshotStore } from './snapshot-store.ts'

/** What a look at a service's container gave: what Docker says of it, or why Docker says nothing. */
export type Reading = { readonly status: ContainerStatus } | { readonly error: string }

export type MeasuredUsage = Pick<ServiceStatus, 'cpuPercent' | 'memoryBytes' | 'memoryLimitBytes'>

/** Where the readings of all engines are put together, each service's for itself. */
export interface ServiceBoard {
  /** What was last known of it, seen now or not; null before it was seen. */
  get(service: string): ServiceStatus | null
  /** Takes these readings and publishes them together. */
  put(readings: readonly (readonly [service: string, reading: Reading])[]): void
  /** Published with the next call of `publish`. */
  measured(service: string, usage: MeasuredUsage): void
  publish(): void
}

const NO_USAGE: MeasuredUsage = { cpuPercent: null, memoryBytes: null, memoryLimitBytes: null }

export function createServiceBoard(deps: {
  services: readonly ServiceLayout[]
  store: SnapshotStore
  clock: Clock
}): ServiceBoard {
  const { services, store, clock } = deps
  const known = new Map<string, Observed<ServiceStatus>>(services.map(({ name }) => [name, NOT_YET_OBSERVED]))
  const last = (name: string) => known.get(name) ?? NOT_YET_OBSERVED
  const publish = () => {
    store.update((whole) => ({
      ...whole,
      services: services.map(({ name, docker }) => ({ name, docker, status: last(name) })),
    }))
  }
  return {
    get: (service) => last(service).value,
    put: (readings) => {
      const at = clock.now()
      for (const [name, reading] of readings) {
        const before = last(name)
        if ('error' in reading) known.set(name, { ...before, error: reading.error })
        else known.set(name, { value: statusOf(name, before.value, reading.status, at), at, error: null })
      }
      publish()
    },
    measured: (service, usage) => {
      const before = last(service)
      if (before.value !== null) known.set(service, { ...before, value: { ...before.value, ...usage } })
    },
    publish,
  }
}

function statusOf(name: string, before: ServiceStatus | null, status: ContainerStatus, at: Date): ServiceStatus {
  const isSame = before !== null && before.state === status.state && before.containerId === status.containerId
  const usage = status.state === ServiceState.RUNNING && before !== null ? usageOf(before) : NO_USAGE
  return { name, ...usage, ...status, since: isSame ? before.since : at }
}

function usageOf({ cpuPercent, memoryBytes, memoryLimitBytes }: ServiceStatus): MeasuredUsage {
  return { cpuPercent, memoryBytes, memoryLimitBytes }
}
