import { type Actor, isTerminal, type OperationRecord, OperationStatus, Role, Surface } from '../operation/operation.ts'
import type { Refusal } from '../refusal.ts'
import { dueAt, newestSlot, type Timing } from './timing.ts'

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
}

/** A schedule and what has become of its slots. Kept in Redis. Times are ISO 8601, UTC. */
export interface ScheduleRecord {
  readonly schedule: Schedule
  /** When it was put, or resumed: what lies before is no slot of it. */
  readonly since: string
  readonly paused: { readonly by: Actor; readonly at: string; readonly reason: string | null } | null
  /** The newest slot that is settled; null before the first. */
  readonly settled: Settled | null
  /** Why the slot that is due has not begun yet, where that may pass; null where nothing holds it up. */
  readonly heldUp: { readonly slot: string; readonly refusal: Refusal } | null
}

/** A schedule with the operation of the slot that was settled last: null where it has none, or that is not on record. */
export interface ObservedSchedule {
  readonly record: ScheduleRecord
  readonly lastRun: OperationRecord | null
}

/** What became of a slot: an operation, a refusal, or neither, where nothing began it in time. */
export interface Settled {
  readonly slot: string
  readonly operationId: string | null
  readonly refusal: Refusal | null
}

/** What a slot's operation is known by: requested by whatever process, and however often, it is one. */
export function slotKey({ cluster, name }: Schedule, slot: Date): string {
  return `schedule:${cluster}:${name}:${slot.toISOString()}`
}

export interface DueSlot {
  readonly slot: Date
  /** Its deadline has passed: it is missed, and told. */
  readonly isTooLate: boolean
}

/** The newest slot that is due and not settled. Older ones are not caught up; null where nothing is to be done. */
export function dueSlot({ schedule, since, paused, settled }: ScheduleRecord, now: Date): DueSlot | null {
  if (paused !== null) return null
  const after = Math.max(Date.parse(since), settled === null ? 0 : Date.parse(settled.slot))
  // What its jitter holds back is not due yet, though the one before may be.
  for (let slot = newestSlot(schedule, now); slot !== null && slot.getTime() > after; ) {
    const due = dueAt(schedule.name, slot, schedule)
    if (due <= now) return { slot, isTooLate: now.getTime() > due.getTime() + schedule.deadlineSeconds * 1000 }
    slot = newestSlot(schedule, new Date(slot.getTime() - 1000))
  }
  return null
}

/** `lastRun`: the status of the operation of the slot that was settled last; null where it has none, or that is not known. */
export function stateOf(record: ScheduleRecord, lastRun: OperationStatus | null, now: Date): ScheduleState {
  const { paused, settled } = record
  if (paused !== null) return ScheduleState.PAUSED
  if (dueSlot(record, now)?.isTooLate === true) return ScheduleState.OVERDUE
  if (settled === null) return ScheduleState.OK
  if (settled.operationId === null) return settled.refusal === null ? ScheduleState.OVERDUE : ScheduleState.FAILING
  if (lastRun === null || lastRun === OperationStatus.SUCCEEDED) return ScheduleState.OK
  return isTerminal(lastRun) ? ScheduleState.FAILING : ScheduleState.RUNNING
}

/** With this schedule in the place of what is there: what became of its slots stays, and another time begins now. */
export function withSchedule(before: ScheduleRecord | null, schedule: Schedule, now: Date): ScheduleRecord {
  const since = now.toISOString()
  if (before === null) return { schedule, since, paused: null, settled: null, heldUp: null }
  const { cron, timeZone } = before.schedule
  const isSameTime = cron === schedule.cron && timeZone === schedule.timeZone
  return isSameTime ? { ...before, schedule } : { ...before, schedule, since, heldUp: null }
}

const ACTOR = 'schedule/'

/** In whose name a schedule requests its operations. What a client has put destroys nothing: it was refused when it was put. */
export function actorOfSchedule({ name, source }: Schedule): Actor {
  const role = source === ScheduleSource.CONFIGURATION ? Role.ADMIN : Role.OPERATOR
  return { name: `${ACTOR}${name}`, role, surface: Surface.SCHEDULE, onBehalfOf: null }
}

/** The name of the schedule whose run an operation is; null where it is none. */
export function scheduleOf({ requestedBy: { name, surface } }: Pick<OperationRecord, 'requestedBy'>): string | null {
  return surface === Surface.SCHEDULE && name.startsWith(ACTOR) ? name.slice(ACTOR.length) : null
}
