import type { ObservedSchedule, ScheduleRecord, Settled } from '../../domain/schedule/schedule.ts'
import type { Clock } from '../../shared/clock.ts'
import type { OperationLog } from '../operation-log.ts'
import type { ScheduleStore } from './schedule-store.ts'

/** The schedules of every cluster as they were last read: while Redis is away, as they were then. */
export interface ScheduleBook {
  /** Null before the first look. */
  current(cluster: string): readonly ObservedSchedule[] | null
  /** Reads those of a cluster now: for what asks behind a change. While Redis is away, what is known stays. */
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
  const runOf = async (settled: Settled | null) => (settled?.operationId == null ? null : log.get(settled.operationId))
  const observe = async (record: ScheduleRecord): Promise<ObservedSchedule> => {
    const [lastRun, previousRun] = await Promise.all([runOf(record.settled), runOf(record.previous)])
    return { record, lastRun, previousRun }
  }
  let looks = 0
  const newest = new Map<string, number>()
  const read = async (cluster: string) => {
    const look = ++looks
    const observed = await Promise.all((await store.list(cluster)).map(observe))
    // One that began later may have ended earlier.
    if (look < (newest.get(cluster) ?? 0)) return
    newest.set(cluster, look)
    known.set(cluster, observed)
  }
  const refresh = (cluster: string) => read(cluster).catch(onError)
  let looking = false
  const look = () => {
    if (looking) return
    looking = true
    Promise.all(clusters.map(refresh)).finally(() => {
      looking = false
    })
  }
  look()
  return { current: (cluster) => known.get(cluster) ?? null, refresh, stop: clock.every(LOOK_MS, look) }
}
