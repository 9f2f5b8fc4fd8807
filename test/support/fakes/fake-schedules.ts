import type { OperationRecord } from '../../../src/domain/operation/operation.ts'
import type { ScheduleRecord, Settled } from '../../../src/domain/schedule/schedule.ts'
import { LogUnavailableError } from '../../../src/events/event-errors.ts'
import type { ScheduleBook } from '../../../src/events/schedules/schedule-book.ts'
import type { ScheduleStore } from '../../../src/events/schedules/schedule-store.ts'

/** Schedules in memory, by cluster and name. */
export class FakeSchedules {
  readonly records = new Map<string, ScheduleRecord>()
  /** What the newest slots became, by operation. */
  readonly runs = new Map<string, OperationRecord>()
  away = false

  readonly store: ScheduleStore = {
    list: async (cluster) => {
      this.#read()
      return this.#of(cluster)
    },
    get: async (cluster, name) => {
      this.#read()
      return this.records.get(`${cluster}/${name}`) ?? null
    },
    change: async (cluster, name, change) => {
      this.#read()
      const key = `${cluster}/${name}`
      const next = change(this.records.get(key) ?? null)
      if (next === null) this.records.delete(key)
      else this.records.set(key, next)
      return next
    },
  }

  readonly book: Pick<ScheduleBook, 'current' | 'refresh'> = {
    current: (cluster) =>
      this.#of(cluster).map((record) => ({
        record,
        lastRun: this.#run(record.settled),
        previousRun: this.#run(record.previous),
      })),
    refresh: async () => {},
  }

  #run(settled: Settled | null): OperationRecord | null {
    return this.runs.get(settled?.operationId ?? '') ?? null
  }

  #of(cluster: string): ScheduleRecord[] {
    const own = [...this.records.values()].filter(({ schedule }) => schedule.cluster === cluster)
    return own.sort((a, b) => (a.schedule.name < b.schedule.name ? -1 : 1))
  }

  #read(): void {
    if (this.away) throw new LogUnavailableError(new Error('ECONNREFUSED 10.0.0.9:6379'))
  }
}
