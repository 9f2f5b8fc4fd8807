import { type Schedule, ScheduleSource, withSchedule } from '../domain/schedule/schedule.ts'
import type { ScheduleStore } from '../events/schedules/schedule-store.ts'

/**
 * Has a cluster's schedules be those of the configuration: what is new there is put, what is gone there goes. What became of their slots, and that a
 * person paused one, stays; another time begins now. Those that were put by a client are left alone, but for the name.
 */
export async function adoptSchedules(
  store: ScheduleStore,
  cluster: string,
  configured: readonly Schedule[],
  now: Date,
): Promise<void> {
  for (const schedule of configured) {
    await store.change(cluster, schedule.name, (before) => withSchedule(before, schedule, now))
  }
  const names = new Set(configured.map(({ name }) => name))
  for (const { schedule } of await store.list(cluster)) {
    if (names.has(schedule.name)) continue
    await store.change(cluster, schedule.name, (before) =>
      before?.schedule.source === ScheduleSource.CONFIGURATION ? null : before,
    )
  }
}
