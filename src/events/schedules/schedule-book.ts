import type { ObservedSchedule, ScheduleRecord } from '../../domain/schedule/schedule.ts'
import type { Clock } from '../../shared/clock.ts'
import type { OperationLog } from '../operation-log.ts'
import type { ScheduleStore } from './schedule-store.ts'

/** The schedules of every cluster as they were last read: while Redis is away, as they were then. */
export interface ScheduleBook {
  /** Null before the first look. */
  current(cluster: string): readonly ObservedSchedule[] | null
  /** Reads those of a cluster now: for what asks behind a change. Throws LogUnavailableError. */
  refresh(cluster: string): Promise<void>
  stop(): void
}

const LOOK_MS = 1_000

export function openScheduleBook(options: {
  readonly store: Pick<ScheduleStore, 'list'>
  readonly log: Pick<OperationLog, 'get'>
  readonly clusters: readonly string[]
  readonly clock: Clock
  readonly onError: (error: unknown) => void
}): ScheduleBook {
  const { store, log, clusters, clock, onError } = options
  const known = new Map<string, readonly ObservedSchedule[]>()
  const observe = async (record: ScheduleRecord): Promise<ObservedSchedule> => {
    const id = record.settled?.operationId ?? null
    return { record, lastRun: id === null ? null : await log.get(id) }
  }
  const refresh = async (cluster: string) => {
    known.set(cluster, await Promise.all((await store.list(cluster)).map(observe)))
  }
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
  return { current: (cluster) => known.get(cluster) ?? null, refresh, stop: clock.every(LOOK_MS, look) }
}
