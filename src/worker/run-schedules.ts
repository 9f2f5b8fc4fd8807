import type { OperationService } from '../admission/operation-service.ts'
import { messageOf } from '../domain/errors.ts'
import {
  actorOfSchedule,
  dueSlot,
  type Schedule,
  type ScheduleRecord,
  ScheduleSource,
  type Settled,
  slotKey,
} from '../domain/schedule/schedule.ts'
import type { ScheduleStore } from '../events/schedules/schedule-store.ts'
import type { OperationRegistry } from '../operations/load-operations.ts'
import { parseOperationInput } from '../operations/parse-operation-input.ts'
import type { Clock } from '../shared/clock.ts'

export interface ScheduleRunnerOptions {
  readonly store: ScheduleStore
  readonly registry: OperationRegistry
  readonly operations: Pick<OperationService, 'submit'>
  readonly clock: Pick<Clock, 'now'>
  /** Told of each slot that was not begun, and of what could not be done; the next look goes on. */
  readonly onTrouble: (about: { schedule: string; slot: string }, why: string) => void
}

/** How long a slot that is held up waits before it is requested again. */
const AGAIN_MS = 10_000

/**
 * Begins what is due of a cluster's schedules. Every worker looks: the slot's key makes its operation one, and it is settled after that, so
 * that a worker that is lost in between costs nothing but a look.
 */
export function createScheduleRunner(options: ScheduleRunnerOptions): (cluster: string) => Promise<void> {
  const { store, clock, onTrouble } = options
  const requestedAt = new Map<string, number>()

  async function look(record: ScheduleRecord): Promise<void> {
    const now = clock.now()
    const due = dueSlot(record, now)
    if (due === null) return
    const { schedule, heldUp } = record
    const slot = due.slot.toISOString()
    const refusal = heldUp?.slot === slot ? heldUp.refusal : null
    const about = { schedule: schedule.name, slot }
    if (due.isTooLate) {
      onTrouble(about, refusal?.message ?? 'not begun in time')
      return settle(store, schedule, { slot, operationId: null, refusal })
    }
    const key = slotKey(schedule, due.slot)
    if (now.getTime() - (requestedAt.get(key) ?? 0) < AGAIN_MS) return
    requestedAt.set(key, now.getTime())
    const answer = await begin(options, schedule, key)
    if (answer.operationId === null && answer.refusal !== null && answer.refusal.retryable) {
      return hold(store, schedule, { slot, refusal: answer.refusal })
    }
    requestedAt.delete(key)
    if (answer.refusal !== null) onTrouble(about, answer.refusal.message)
    await settle(store, schedule, { ...answer, slot })
  }

  return async (cluster) => {
    for (const record of await store.list(cluster)) {
      await look(record).catch((error: unknown) =>
        onTrouble({ schedule: record.schedule.name, slot: '' }, messageOf(error)),
      )
    }
  }
}

/** The operation of the slot, or why there is none: one that does not pass, where there is such a one. */
async function begin(
  { registry, operations }: ScheduleRunnerOptions,
  schedule: Schedule,
  idempotencyKey: string,
): Promise<Omit<Settled, 'slot'>> {
  const definition = registry.get(schedule.kind)
  if (definition === undefined)
    throw new TypeError(`schedule ${schedule.name} names an unknown kind "${schedule.kind}"`)
  const input = Object.assign(parseOperationInput(definition, schedule.input), {
    cluster: schedule.cluster,
    reason: `schedule ${schedule.name}`,
    idempotencyKey,
    // Who may write the file may have it done.
    confirm: schedule.source === ScheduleSource.CONFIGURATION ? schedule.cluster : null,
  })
  const { operation, refusals } = await operations.submit(schedule.kind, input, actorOfSchedule(schedule))
  const refusal = refusals.find(({ retryable }) => !retryable) ?? refusals[0] ?? null
  return { operationId: operation?.id ?? null, refusal }
}

/** Another worker may have settled it, or a later one: that stays. */
async function settle(store: ScheduleStore, { cluster, name }: Schedule, settled: Settled): Promise<void> {
  await store.change(cluster, name, (before) => {
    if (before === null || (before.settled !== null && before.settled.slot >= settled.slot)) return before
    return { ...before, settled, heldUp: null }
  })
}

async function hold(
  store: ScheduleStore,
  { cluster, name }: Schedule,
  heldUp: NonNullable<ScheduleRecord['heldUp']>,
): Promise<void> {
  await store.change(cluster, name, (before) => {
    const isSettled = before?.settled != null && before.settled.slot >= heldUp.slot
    return before === null || isSettled ? before : { ...before, heldUp }
  })
}
