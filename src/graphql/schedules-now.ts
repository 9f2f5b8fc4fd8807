import type { ObservedSchedule, ScheduleRecord } from '../domain/schedule/schedule.ts'
import type { ApiDependencies } from './request-context.ts'

type Sources = Pick<ApiDependencies, 'scheduleBook' | 'registry'>

/** A cluster's schedules as they were last read. One whose kind this Howdah does not have is left out: no type could show it; health names it. */
export function schedulesNow({ scheduleBook, registry }: Sources, cluster: string): readonly ObservedSchedule[] {
  return (scheduleBook.current(cluster) ?? []).filter(({ record }) => registry.has(record.schedule.kind))
}

export function scheduleNow(sources: Sources, cluster: string, name: string | null): ObservedSchedule | null {
  return schedulesNow(sources, cluster).find(({ record }) => record.schedule.name === name) ?? null
}

/** A schedule as it was just written, with what is known of its runs; null where no type could show it. */
export function observedNow(sources: Sources, record: ScheduleRecord | null): ObservedSchedule | null {
  if (record === null || !sources.registry.has(record.schedule.kind)) return null
  const known = scheduleNow(sources, record.schedule.cluster, record.schedule.name)
  const runs = [known?.lastRun ?? null, known?.previousRun ?? null].filter((run) => run !== null)
  const runOf = (id: string | null | undefined) => runs.find((run) => run.id === id) ?? null
  return {
    record,
    lastRun: runOf(record.settled?.operationId),
    previousRun: runOf(record.previous?.operationId),
  }
}
