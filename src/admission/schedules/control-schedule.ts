import { type ScheduleRecord, ScheduleSource } from '../../domain/schedule/schedule.ts'
import { parseOperationInput } from '../../operations/parse-operation-input.ts'
import type { OperationAnswer } from '../operation-service.ts'
import { requirePermission } from '../permissions.ts'
import { isConfigured, scheduleRefused, unknownSchedule } from './schedule-refusals.ts'
import type { ScheduleAnswer, ScheduleDependencies, ScheduleRequest } from './schedule-service.ts'

/** Throws ForbiddenError. */
export async function pauseSchedule(
  dependencies: ScheduleDependencies,
  request: ScheduleRequest,
  reason: string | null,
): Promise<ScheduleAnswer> {
  requirePermission(request.actor, 'pauseSchedule', dependencies.registry)
  const paused = { by: request.actor, at: dependencies.now().toISOString(), reason }
  return change(dependencies, request, (before) => ({ ...before, paused: before.paused ?? paused, heldUp: null }))
}

/** Throws ForbiddenError. */
export async function resumeSchedule(
  dependencies: ScheduleDependencies,
  request: ScheduleRequest,
): Promise<ScheduleAnswer> {
  requirePermission(request.actor, 'resumeSchedule', dependencies.registry)
  const since = dependencies.now().toISOString()
  return change(dependencies, request, (before) =>
    before.paused === null ? before : { ...before, paused: null, since },
  )
}

/** Throws ForbiddenError. */
export async function deleteSchedule(
  { store, registry }: ScheduleDependencies,
  { cluster, name, actor }: ScheduleRequest,
): Promise<ScheduleAnswer> {
  requirePermission(actor, 'deleteSchedule', registry)
  const known = await store.get(cluster, name)
  if (known === null) return scheduleRefused(unknownSchedule(name, cluster))
  const left = await store.change(cluster, name, (before) =>
    before?.schedule.source === ScheduleSource.CONFIGURATION ? before : null,
  )
  return left === null ? { schedule: null, refusals: [] } : scheduleRefused(isConfigured(name))
}

/** What it would request at its next slot, as the caller's own request. Throws ForbiddenError. */
export async function runSchedule(
  { store, registry, operations }: ScheduleDependencies,
  { cluster, name, actor }: ScheduleRequest,
  reason: string | null,
): Promise<OperationAnswer> {
  requirePermission(actor, 'runSchedule', registry)
  const record = await store.get(cluster, name)
  const definition = registry.get(record?.schedule.kind ?? '')
  if (record === null || definition === undefined) {
    return { operation: null, plan: null, refusals: [unknownSchedule(name, cluster)] }
  }
  const input = parseOperationInput(definition, record.schedule.input)
  const why = reason ?? `schedule ${name}, by hand`
  return operations.submit(definition.name, Object.assign(input, { cluster, reason: why }), actor)
}

async function change(
  { store }: ScheduleDependencies,
  { cluster, name }: ScheduleRequest,
  to: (before: ScheduleRecord) => ScheduleRecord,
): Promise<ScheduleAnswer> {
  const written = await store.change(cluster, name, (before) => (before === null ? null : to(before)))
  return written === null ? scheduleRefused(unknownSchedule(name, cluster)) : { schedule: written, refusals: [] }
}
