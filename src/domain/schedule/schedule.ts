import { type Actor, isTerminal, type OperationRecord, OperationStatus, Role, Surface } from '../operation/operation.ts'
import type { Refusal } from '../refusal.ts'
import { dueAt, firstSlot, jitterMs, newestSlot, type Timing } from './timing.ts'

/** Where a schedule comes from. */
export enum ScheduleSource {
  /** configs/howdah.yml: it goes when it is taken out there. */
  CONFIGURATION = 'CONFIGURATION',
  API = 'API',
}

/** How a schedule does: never OK while it does not run. */
export enum ScheduleState {
  OK = 'OK',
  RUNNING = 'RUNNING',
  PAUSED = 'PAUSED',
  OVERDUE = 'OVERDUE',
  FAILING = 'FAILING',
}

/** How many a cluster may have. */
export const MAX_SCHEDULES = 100

/** An operation that is requested again and again. */
export interface Schedule extends Timing {
  readonly cluster: string
  /** Unique in its cluster. */
  readonly name: string
  /** The kind's name: "createBackup". */
  readonly kind: string
  /** As a request would have it. */
  readonly input: Readonly<Record<string, unknown>>
  readonly source: ScheduleSource
  /** The name of who put it; null where the configuration has it. */
  readonly putBy: string | null
}

/** A schedule and what has become of its slots. Kept in Redis. Times are ISO 8601, UTC. */
export interface ScheduleRecord {
  readonly schedule: Schedule
  /** When it was put, or resumed: what was due before is not begun. */
  readonly since: string
  readonly paused: { readonly by: Actor; readonly at: string; readonly reason: string | null } | null
  /** The newest slot that is settled; null before the first. */
  readonly settled: Settled | null
  /** The one before it: it counts until it is known how the newest ends. */
  readonly previous: Settled | null
  /** Why the slot that is due has not begun yet, where that may pass; null where nothing holds it up. */
  readonly heldUp: { readonly slot: string; readonly refusal: Refusal } | null
}

/** What became of a slot: an operation, a refusal, or neither, where nothing began it in time. */
export interface Settled {
  readonly slot: string
  readonly operationId: string | null
  readonly refusal: Refusal | null
}

/** A schedule with the operations of its two newest slots: null where there is none, or it is not on record. */
export interface ObservedSchedule {
  readonly record: ScheduleRecord
  readonly lastRun: OperationRecord | null
  readonly previousRun: OperationRecord | null
}

/** What the keys of slots begin with: no request of a person may have one. */
export const SLOT_KEY = 'schedule:'

/** What a slot's operation is known by: requested by whatever process, and however often, it is one. */
export function slotKey({ cluster, name }: Schedule, slot: Date): string {
  return `${SLOT_KEY}${cluster}:${name}:${slot.toISOString()}`
}

export interface DueSlot {
  readonly slot: Date
  /** Its deadline has passed: it is missed, and told. */
  readonly isTooLate: boolean
}

/** The newest slot that is due and not settled. Older ones are not caught up; null where nothing is to be done. */
export function dueSlot(record: ScheduleRecord, now: Date): DueSlot | null {
  const due = dueSlots(record, now)
  return due === null ? null : { slot: due.newest, isTooLate: isPastDeadline(record.schedule, due.newest, now) }
}

/** The oldest slot that will not be begun any more: its deadline has passed, or the next one is due. Null where there is none. */
export function overdueSlot(record: ScheduleRecord, now: Date): Date | null {
  const due = dueSlots(record, now)
  if (due === null) return null
  const { oldest, newest } = due
  return oldest < newest || isPastDeadline(record.schedule, oldest, now) ? oldest : null
}

/** The first and the last of those that are due and not settled. */
function dueSlots(
  { schedule, since, paused, settled }: ScheduleRecord,
  now: Date,
): { readonly oldest: Date; readonly newest: Date } | null {
  if (paused !== null) return null
  const jitter = jitterMs(schedule.name, schedule)
  const begin = Date.parse(since) - jitter
  const after = settled === null ? begin : Math.max(begin, Date.parse(settled.slot))
  const oldest = firstSlot(schedule, new Date(after))
  const until = new Date(now.getTime() - jitter)
  return oldest === null || oldest > until ? null : { oldest, newest: newestSlot(schedule, oldest, until) }
}

function isPastDeadline(schedule: Schedule, slot: Date, now: Date): boolean {
  return now.getTime() > dueAt(schedule.name, slot, schedule).getTime() + schedule.deadlineSeconds * 1000
}

/** Clocks of several workers differ by less. */
const CLOCKS_DIFFER_MS = 60_000

/** Begun again where a clock was ahead when it was written: else it would not run until that time has come. */
export function withoutFuture(record: ScheduleRecord, now: Date): ScheduleRecord {
  const isAhead = (time: string) => Date.parse(time) > now.getTime() + CLOCKS_DIFFER_MS
  if (![record.since, record.settled?.slot ?? record.since].some(isAhead)) return record
  return { ...record, since: now.toISOString(), settled: null, previous: null, heldUp: null }
}

/**
 * With what became of a slot, where no later one is settled. An operation of a slot is more than a verdict that it has none: who came to
 * that has looked too early. What was passed over before is not forgotten.
 */
export function withSettled(record: ScheduleRecord, settled: Settled, now: Date): ScheduleRecord {
  const { settled: newest, previous } = record
  const isMore = (known: Settled | null) =>
    known?.slot === settled.slot && known.operationId === null && settled.operationId !== null
  if (isMore(newest)) return { ...record, settled }
  if (isMore(previous)) return { ...record, previous: settled }
  if (isSettled(record, settled.slot)) return record
  return { ...record, settled, previous: passedOver(record, settled, now) ?? newest, heldUp: null }
}

/** What will not be begun any more, as its run. */
export function withPassedOver(record: ScheduleRecord, now: Date): ScheduleRecord {
  const { heldUp } = record
  const slot = heldUp?.slot ?? overdueSlot(record, now)?.toISOString()
  if (slot === undefined) return record
  return withSettled(record, { slot, operationId: null, refusal: heldUp?.refusal ?? null }, now)
}

/** The oldest slot before this one that was due and not begun. */
function passedOver(record: ScheduleRecord, { slot }: Settled, now: Date): Settled | null {
  const oldest = overdueSlot(record, now)?.toISOString()
  if (oldest === undefined || oldest >= slot) return null
  return { slot: oldest, operationId: null, refusal: record.heldUp?.refusal ?? null }
}

/** With what holds a slot up, where neither that nor a later one is settled, and nothing is paused. */
export function withHeldUp(record: ScheduleRecord, heldUp: NonNullable<ScheduleRecord['heldUp']>): ScheduleRecord {
  return record.paused !== null || isSettled(record, heldUp.slot) ? record : { ...record, heldUp }
}

const isSettled = ({ settled }: ScheduleRecord, slot: string) => settled !== null && settled.slot >= slot

/** What a person has done by hand, as the run of the newest slot: of one that is due, else of one that has ended. */
export function withRunByHand(
  observed: Pick<ObservedSchedule, 'record' | 'lastRun'>,
  { id: operationId, requestedAt }: Pick<OperationRecord, 'id' | 'requestedAt'>,
  now: Date,
): ScheduleRecord {
  const { record, lastRun } = observed
  const due = dueSlot(record, now)?.slot.toISOString()
  const slot = due ?? record.settled?.slot
  // An answer that is repeated is of a request from before.
  if (slot === undefined || Date.parse(requestedAt) < Date.parse(slot)) return record
  const run = { slot, operationId, refusal: null }
  if (due !== undefined) return withSettled(record, run, now)
  if (lastRun !== null && !isTerminal(lastRun.status)) return record
  return { ...record, settled: run, previous: record.settled }
}

/** With one operation in the place of another, which it does again. */
export function withRetry(record: ScheduleRecord, of: string, by: string): ScheduleRecord {
  const replace = (settled: Settled | null) => (settled?.operationId === of ? { ...settled, operationId: by } : settled)
  if (![record.settled, record.previous].some((each) => each?.operationId === of)) return record
  return { ...record, settled: replace(record.settled), previous: replace(record.previous) }
}

/** With this schedule in the place of what is there: what became of its slots stays, and another time begins now. */
export function withSchedule(before: ScheduleRecord | null, schedule: Schedule, now: Date): ScheduleRecord {
  const since = now.toISOString()
  if (before === null) return { schedule, since, paused: null, settled: null, previous: null, heldUp: null }
  const { cron, timeZone } = before.schedule
  const isSameTime = cron === schedule.cron && timeZone === schedule.timeZone
  return isSameTime ? { ...before, schedule } : { ...withPassedOver(before, now), schedule, since }
}

/** How it does, as far as that is known. */
export function stateOf(observed: ObservedSchedule, now: Date): ScheduleState {
  const { record, lastRun } = observed
  if (record.paused !== null) return ScheduleState.PAUSED
  if (overdueSlot(record, now) !== null) return record.heldUp === null ? ScheduleState.OVERDUE : ScheduleState.FAILING
  return record.heldUp === null ? outcomeOf(record.settled, lastRun) : ScheduleState.RUNNING
}

/** How the newest slot of which that is known ended. What it waits for counts as nothing: a failure lasts until a run succeeds. */
export function lastOutcome({ record, lastRun, previousRun }: ObservedSchedule): {
  readonly state: ScheduleState
  readonly settled: Settled | null
  readonly run: OperationRecord | null
} {
  const { settled, previous } = record
  const state = outcomeOf(settled, lastRun)
  if (state !== ScheduleState.RUNNING) return { state, settled, run: lastRun }
  return { state: outcomeOf(previous, previousRun), settled: previous, run: previousRun }
}

function outcomeOf(settled: Settled | null, run: OperationRecord | null): ScheduleState {
  if (settled === null) return ScheduleState.OK
  if (settled.operationId === null) return settled.refusal === null ? ScheduleState.OVERDUE : ScheduleState.FAILING
  if (run === null || run.status === OperationStatus.SUCCEEDED) return ScheduleState.OK
  return isTerminal(run.status) ? ScheduleState.FAILING : ScheduleState.RUNNING
}

/** A run that goes on although the slot after it was begun; null where there is none. */
export function hangingRun({ record: { previous }, previousRun }: ObservedSchedule): OperationRecord | null {
  return previous !== null && previousRun !== null && !isTerminal(previousRun.status) ? previousRun : null
}

const ACTOR = 'schedule/'

/** In whose name a schedule requests its operations. What a client has put destroys nothing: it was refused when it was put. */
export function actorOfSchedule({ name, source, putBy }: Schedule): Actor {
  const role = source === ScheduleSource.CONFIGURATION ? Role.ADMIN : Role.OPERATOR
  return { name: `${ACTOR}${name}`, role, surface: Surface.SCHEDULE, onBehalfOf: putBy }
}

/** The name of the schedule whose run an operation is; null where it is none. */
export function scheduleOf({ requestedBy: { name, surface } }: Pick<OperationRecord, 'requestedBy'>): string | null {
  return surface === Surface.SCHEDULE && name.startsWith(ACTOR) ? name.slice(ACTOR.length) : null
}
