import type { ApprovalRules } from '../admission/approval-rules.ts'
import type { OperationService } from '../admission/operation-service.ts'
import { readRequest } from '../admission/schedules/schedule-request.ts'
import { messageOf } from '../domain/errors.ts'
import {
  actorOfSchedule,
  dueSlot,
  type Schedule,
  type ScheduleRecord,
  ScheduleSource,
  type Settled,
  slotKey,
  withHeldUp,
  withoutFuture,
  withSettled,
} from '../domain/schedule/schedule.ts'
import type { OperationLog } from '../events/operation-log.ts'
import type { ScheduleStore } from '../events/schedules/schedule-store.ts'
import type { OperationRegistry } from '../operations/load-operations.ts'
import type { Clock } from '../shared/clock.ts'

export interface ScheduleRunnerOptions {
  readonly store: ScheduleStore
  readonly registry: OperationRegistry
  readonly approvals: ApprovalRules
  readonly log: Pick<OperationLog, 'findByIdempotencyKey'>
  readonly operations: Pick<OperationService, 'submit'>
  readonly clock: Pick<Clock, 'now' | 'elapsedMs'>
  /** Told of each slot that was not begun, and of what could not be done; the next look goes on. */
  readonly onTrouble: (about: { schedule: string; slot: string }, why: string) => void
}

/** How long a slot that was not begun waits before it is requested again. */
const AGAIN_MS = 10_000
/** Slots that are begun at a time: planning one takes up to seconds, and the others have deadlines. */
const AT_ONCE = 8

/** Which slot of a schedule was requested last, and when, by `elapsedMs`. By the schedule's name. */
type Asked = Map<string, { readonly slot: string; readonly atMs: number }>

/**
 * Begins what is due of a cluster's schedules. Every worker looks: the slot's key makes its operation one, and it is settled after that, so
 * that a worker that is lost in between costs nothing but a look.
 */
export function createScheduleRunner(
  options: ScheduleRunnerOptions,
): (cluster: string, records: readonly ScheduleRecord[]) => Promise<void> {
  const { store, clock, onTrouble } = options
  const askedOf = new Map<string, Asked>()

  async function look({ schedule: { cluster, name } }: ScheduleRecord, asked: Asked): Promise<void> {
    // Those before it may have taken a while.
    const record = await store.get(cluster, name)
    if (record === null) return
    const { schedule, heldUp } = record
    const now = clock.now()
    if (withoutFuture(record, now) !== record) {
      await store.change(cluster, name, (before) => before && withoutFuture(before, now))
      return
    }
    const due = dueSlot(record, now)
    if (due === null) return
    const slot = due.slot.toISOString()
    const last = asked.get(name)
    if (!due.isTooLate && last?.slot === slot && clock.elapsedMs() - last.atMs < AGAIN_MS) return
    asked.set(name, { slot, atMs: clock.elapsedMs() })
    if (heldUp !== null && heldUp.slot !== slot) {
      onTrouble({ schedule: name, slot: heldUp.slot }, `${heldUp.refusal.message}; ${slot} takes its place`)
    }
    if (due.isTooLate) {
      return settle(options, schedule, { slot, operationId: null, refusal: heldUp?.refusal ?? null })
    }
    const begun = await begin(options, schedule, due.slot)
    if (begun.operationId === null && begun.refusal?.retryable === true) {
      return hold(options, schedule, { slot, refusal: begun.refusal })
    }
    await settle(options, schedule, { ...begun, slot })
  }

  return async (cluster, records) => {
    const now = clock.now()
    const names = new Set(records.map(({ schedule: { name } }) => name))
    const asked: Asked = new Map([...(askedOf.get(cluster) ?? [])].filter(([name]) => names.has(name)))
    askedOf.set(cluster, asked)
    const due = records.filter((record) => withoutFuture(record, now) !== record || dueSlot(record, now) !== null)
    for (let first = 0; first < due.length; first += AT_ONCE) {
      await Promise.all(
        due
          .slice(first, first + AT_ONCE)
          .map((record) =>
            look(record, asked).catch((error: unknown) =>
              onTrouble({ schedule: record.schedule.name, slot: '' }, messageOf(error)),
            ),
          ),
      )
    }
  }
}

/** The operation of the slot, or why there is none: a reason that does not pass, where there is such a one. */
async function begin(
  { operations, ...rules }: ScheduleRunnerOptions,
  schedule: Schedule,
  slot: Date,
): Promise<Omit<Settled, 'slot'>> {
  const request = readRequest(schedule, rules)
  if (request.input === null) return { operationId: null, refusal: request.refusals[0] ?? null }
  const input = Object.assign(request.input, {
    reason: `schedule ${schedule.name}`,
    idempotencyKey: slotKey(schedule, slot),
    // Who may write the file may have it done.
    confirm: schedule.source === ScheduleSource.CONFIGURATION ? schedule.cluster : null,
  })
  const { operation, refusals } = await operations.submit(schedule.kind, input, actorOfSchedule(schedule))
  const refusal = refusals.find(({ retryable }) => !retryable) ?? refusals[0] ?? null
  return { operationId: operation?.id ?? null, refusal }
}

/** A worker that was lost, or has read another input, may have begun it: that is its operation. */
async function settle(
  { store, log, clock, onTrouble }: ScheduleRunnerOptions,
  schedule: Schedule,
  settled: Settled,
): Promise<void> {
  const { cluster, name } = schedule
  const earlier =
    settled.operationId === null ? await log.findByIdempotencyKey(slotKey(schedule, new Date(settled.slot))) : null
  const became = earlier === null ? settled : { ...settled, operationId: earlier.operationId, refusal: null }
  if (became.operationId === null) {
    onTrouble({ schedule: name, slot: settled.slot }, settled.refusal?.message ?? 'not begun in time')
  }
  await store.change(cluster, name, (before) => before && withSettled(before, became, clock.now()))
}

async function hold(
  { store }: ScheduleRunnerOptions,
  { cluster, name }: Schedule,
  heldUp: NonNullable<ScheduleRecord['heldUp']>,
): Promise<void> {
  await store.change(cluster, name, (before) => before && withHeldUp(before, heldUp))
}
