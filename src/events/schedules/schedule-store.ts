import type { ScheduleRecord } from '../../domain/schedule/schedule.ts'

/** The schedules of every cluster and what has become of their slots, in Redis. Every call throws LogUnavailableError while Redis is away. */
export interface ScheduleStore {
  /** By name. */
  list(cluster: string): Promise<readonly ScheduleRecord[]>
  get(cluster: string, name: string): Promise<ScheduleRecord | null>
  /**
   * Changes what is there, and answers what is then there; `change` is called again where another process was faster. `before` null: there is
   * none of that name; a change to null: there is none any more. Unchanged, it is not written.
   */
  change(cluster: string, name: string, change: ChangeSchedule): Promise<ScheduleRecord | null>
}

export type ChangeSchedule = (before: ScheduleRecord | null) => ScheduleRecord | null
