import type { ScheduleRecord } from '../../domain/schedule/schedule.ts'
import type { Clock } from '../../shared/clock.ts'
import type { ScheduleStore } from './schedule-store.ts'

/** The schedules of every cluster as they were last read: while Redis is away, as they were then. */
export interface ScheduleBook {
  current(cluster: string): readonly ScheduleRecord[]
  /** Reads those of a cluster now: for what asks behind a change. Throws LogUnavailableError. */
  refresh(cluster: string): Promise<void>
  stop(): void
}

const LOOK_MS = 1_000

export function openScheduleBook(options: {
  readonly store: Pick<ScheduleStore, 'list'>
  readonly clusters: readonly string[]
  readonly clock: Clock
  readonly onError: (error: unknown) => void
}): ScheduleBook {
  const { store, clusters, clock, onError } = options
  const known = new Map<string, readonly ScheduleRecord[]>()
  const refresh = async (cluster: string) => void known.set(cluster, await store.list(cluster))
  let looking = false
  const look = () => {
    if (looking) return
    looking = true
    Promise.all(clusters.map(refresh))
      .catch(onError)
      .finally(() => {
        looking = false
      })
  }
  look()
  return { current: (cluster) => known.get(cluster) ?? [], refresh, stop: clock.every(LOOK_MS, look) }
}
