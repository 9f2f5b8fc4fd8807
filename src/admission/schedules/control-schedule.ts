import type { OperationRecord } from '../../domain/operation/operation.ts'
import { type ScheduleRecord, ScheduleSource, withPassedOver, withRunByHand } from '../../domain/schedule/schedule.ts'
import { inputRefusals } from '../../operations/input-problems.ts'
import { refused } from '../answers.ts'
import type { OperationAnswer } from '../operation-service.ts'
import { requirePermission } from '../permissions.ts'
import { bookRun } from './book-run.ts'
import { isConfigured, scheduleRefused, unknownKind, unknownSchedule } from './schedule-refusals.ts'
import { readInput } from './schedule-request.ts'
import type { RunByHand, ScheduleAnswer, ScheduleDependencies, ScheduleRequest } from './schedule-service.ts'

/** Throws ForbiddenError. */
export async function pauseSchedule(
  dependencies: ScheduleDependencies,
  request: ScheduleRequest,
  reason: string | null,
): Promise<ScheduleAnswer> {
  requirePermission(request.actor, 'pauseSchedule', dependencies.registry)
  const now = dependencies.now()
  const paused = { by: request.actor, at: now.toISOString(), reason }
  return change(dependencies, request, (before) => ({
    ...withPassedOver(before, now),
    paused: before.paused ?? paused,
  }))
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
  dependencies: ScheduleDependencies,
  { cluster, name, actor }: ScheduleRequest,
  { reason, confirm, idempotencyKey }: RunByHand,
): Promise<OperationAnswer> {
  const { store, registry, operations } = dependencies
  requirePermission(actor, 'runSchedule', registry)
  const record = await store.get(cluster, name)
  if (record === null) return refused([unknownSchedule(name, cluster)])
  const { kind, input: fields } = record.schedule
  const definition = registry.get(kind)
  if (definition === undefined) return refused([unknownKind(kind)])
  const read = readInput(definition, fields, cluster)
  if (read.input === null) return refused(read.refusals)
  const input = Object.assign(read.input, { reason: reason ?? `schedule ${name}, by hand`, confirm, idempotencyKey })
  const refusals = inputRefusals(input)
  if (refusals.length > 0) return refused(refusals)
  const answer = await operations.submit(definition.name, input, actor)
  if (answer.operation !== null) await bookRun(takeRun(dependencies, record, answer.operation))
  return answer
}

/** What was done by hand counts. */
async function takeRun(
  { store, log, now }: ScheduleDependencies,
  { schedule: { cluster, name }, settled }: ScheduleRecord,
  run: OperationRecord,
): Promise<void> {
  const lastRun = settled?.operationId == null ? null : await log.get(settled.operationId)
  await store.change(cluster, name, (before) => {
    // The next slot may have been begun meanwhile.
    if (before === null || before.settled?.operationId !== settled?.operationId) return before
    return withRunByHand({ record: before, lastRun }, run, now())
  })
}

async function change(
  { store }: ScheduleDependencies,
  { cluster, name }: ScheduleRequest,
  to: (before: ScheduleRecord) => ScheduleRecord,
): Promise<ScheduleAnswer> {
  const written = await store.change(cluster, name, (before) => (before === null ? null : to(before)))
  return written === null ? scheduleRefused(unknownSchedule(name, cluster)) : { schedule: written, refusals: [] }
}
