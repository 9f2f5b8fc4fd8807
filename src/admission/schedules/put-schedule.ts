import { NAME } from '../../domain/name.ts'
import type { Actor } from '../../domain/operation/operation.ts'
import { type Refusal, refuse } from '../../domain/refusal.ts'
import { MAX_SCHEDULES, type Schedule, ScheduleSource, withSchedule } from '../../domain/schedule/schedule.ts'
import { timingProblems } from '../../domain/schedule/timing.ts'
import { requirePermission } from '../permissions.ts'
import { operationFields } from '../request-fingerprint.ts'
import { isConfigured, scheduleRefused } from './schedule-refusals.ts'
import { readRequest } from './schedule-request.ts'
import type { PutSchedule, ScheduleAnswer, ScheduleDependencies } from './schedule-service.ts'

/** Its kind must be one that the caller may request, and destroy nothing: that is for the file. Throws ForbiddenError. */
export async function putSchedule(
  dependencies: ScheduleDependencies,
  { cluster, put, actor }: { cluster: string; put: PutSchedule; actor: Actor },
): Promise<ScheduleAnswer> {
  const { store, registry, now } = dependencies
  requirePermission(actor, 'putSchedule', registry)
  const asked: Schedule = { ...put, cluster, source: ScheduleSource.API, putBy: actor.name }
  const request = readRequest(asked, dependencies)
  const refusals = [
    ...invalidName(put.name),
    ...timingProblems(put).map(({ field, message, remedy }) => refuse('INVALID_INPUT', message, remedy, field)),
    ...request.refusals,
  ]
  if (request.input === null || refusals.length > 0) return { schedule: null, refusals }
  requirePermission(actor, put.kind, registry)

  const others = (await store.list(cluster)).filter(({ schedule: { name } }) => name !== put.name)
  if (others.length >= MAX_SCHEDULES) return scheduleRefused(tooMany(cluster))
  // With names in the place of ids.
  const schedule = { ...asked, input: operationFields(request.input) }
  const written = await store.change(cluster, put.name, (before) =>
    before?.schedule.source === ScheduleSource.CONFIGURATION ? before : withSchedule(before, schedule, now()),
  )
  const ours = written?.schedule.source === ScheduleSource.API
  return ours ? { schedule: written, refusals: [] } : scheduleRefused(isConfigured(put.name))
}

function invalidName(name: string): Refusal[] {
  if (NAME.test(name)) return []
  const message = 'a name has 1 to 63 of A-Z a-z 0-9 . _ - and begins with a letter or a digit'
  return [refuse('INVALID_INPUT', message, null, 'name')]
}

function tooMany(cluster: string): Refusal {
  const message = `cluster ${cluster} has ${MAX_SCHEDULES} schedules; there can be no more`
  return refuse('TOO_MANY_SCHEDULES', message, 'Delete one that is not needed: deleteSchedule(name: "...").', 'name')
}
