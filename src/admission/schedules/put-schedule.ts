import type { Actor } from '../../domain/operation/operation.ts'
import { type Refusal, refuse } from '../../domain/refusal.ts'
import { type Schedule, ScheduleSource, withSchedule } from '../../domain/schedule/schedule.ts'
import { timingProblems } from '../../domain/schedule/timing.ts'
import type { AnyOperation } from '../../operations/define-operation.ts'
import { requirePermission } from '../permissions.ts'
import { unapproved } from '../submit-refusals.ts'
import { inputRefusals } from './schedule-input.ts'
import { isConfigured, scheduleRefused } from './schedule-refusals.ts'
import type { PutSchedule, ScheduleAnswer, ScheduleDependencies } from './schedule-service.ts'

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/

/** Its kind must be one that the caller may request, and destroy nothing: that is for the file. Throws ForbiddenError. */
export async function putSchedule(
  { store, registry, approvals, now }: ScheduleDependencies,
  { cluster, put, actor }: { cluster: string; put: PutSchedule; actor: Actor },
): Promise<ScheduleAnswer> {
  requirePermission(actor, 'putSchedule', registry)
  const definition = registry.get(put.kind)
  if (definition === undefined || definition.internal === true) {
    return scheduleRefused(refuse('UNKNOWN_KIND', `there is no kind "${put.kind}" that can be requested`, null, 'kind'))
  }
  const refusals = [
    ...destructive(definition),
    ...unapproved(definition, approvals),
    ...invalidName(put.name),
    ...timingProblems(put).map(({ field, message, remedy }) => refuse('INVALID_INPUT', message, remedy, field)),
    ...inputRefusals(definition, put.input),
  ]
  if (refusals.length > 0) return { schedule: null, refusals }
  requirePermission(actor, put.kind, registry)

  const schedule: Schedule = { ...put, cluster, source: ScheduleSource.API }
  const written = await store.change(cluster, put.name, (before) =>
    before?.schedule.source === ScheduleSource.CONFIGURATION ? before : withSchedule(before, schedule, now()),
  )
  const ours = written?.schedule.source === ScheduleSource.API
  return ours ? { schedule: written, refusals: [] } : scheduleRefused(isConfigured(put.name))
}

function destructive({ name, destructive }: AnyOperation): Refusal[] {
  if (!destructive) return []
  const message = `${name} destroys data: only the file may have it on a schedule`
  const remedy = 'Put it into configs/howdah.yml (schedules), then: docker compose restart worker.'
  return [refuse('SCHEDULE_IS_DESTRUCTIVE', message, remedy, 'kind')]
}

function invalidName(name: string): Refusal[] {
  if (NAME.test(name)) return []
  const message = 'a name has 1 to 63 of A-Z a-z 0-9 . _ - and begins with a letter or a digit'
  return [refuse('INVALID_INPUT', message, null, 'name')]
}
