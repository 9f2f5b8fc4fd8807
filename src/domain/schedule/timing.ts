import { createHash } from 'node:crypto'
import { Cron } from 'croner'
import { InvalidValueError, messageOf } from '../errors.ts'

/** When a schedule runs. */
export interface Timing {
  /** Minute, hour, day, month, weekday: "30 2 * * 0". */
  readonly cron: string
  /** IANA: "Europe/Berlin". */
  readonly timeZone: string
  /** Each slot is begun up to so many seconds later: always as many, whichever process reckons. */
  readonly jitterSeconds: number
  /** A slot that was not begun so many seconds after its time is not begun any more. */
  readonly deadlineSeconds: number
}

/** Throws InvalidValueError with the remedy. */
export function checkTiming({ cron, timeZone }: Pick<Timing, 'cron' | 'timeZone'>): void {
  if (!isTimeZone(timeZone)) {
    throw new InvalidValueError(`"${timeZone}" is not a time zone`, {
      remedy: 'Name one of the IANA database: "Europe/Berlin", "UTC".',
    })
  }
  try {
    if (open({ cron, timeZone }).nextRun(new Date(0)) !== null) return
  } catch (error) {
    throw new InvalidValueError(`"${cron}" is no cron expression: ${messageOf(error)}`, { remedy: REMEDY })
  }
  throw new InvalidValueError(`"${cron}" names a time that never comes`, { remedy: REMEDY })
}

const REMEDY = 'Write minute, hour, day, month and weekday: "30 2 * * 0" is Sunday, 02:30.'

/**
 * The first slots after a moment, ascending. A slot is a moment in UTC, so none comes twice. Where the clock goes forward, a time that is
 * skipped is as much later; where it goes back, a time of one hour comes at its first occurrence, and what runs each hour or
 * more often goes on each hour.
 */
export function nextSlots(timing: Pick<Timing, 'cron' | 'timeZone'>, after: Date, count: number): Date[] {
  return open(timing).nextRuns(count, after)
}

/** The newest slot up to a moment, itself included; null where there is none. */
export function newestSlot(timing: Pick<Timing, 'cron' | 'timeZone'>, until: Date): Date | null {
  // croner takes the reference's second for over.
  return open(timing).previousRuns(1, new Date(until.getTime() + 1000))[0] ?? null
}

/** When a slot of a schedule is begun: with its jitter, which is the same in every process. */
export function dueAt(name: string, slot: Date, { jitterSeconds }: Pick<Timing, 'jitterSeconds'>): Date {
  const hash = createHash('sha256').update(`${name} ${slot.toISOString()}`).digest()
  const part = hash.readUInt32BE(0) / 2 ** 32
  return new Date(slot.getTime() + Math.floor(part * jitterSeconds) * 1000)
}

function open({ cron, timeZone }: Pick<Timing, 'cron' | 'timeZone'>): Cron {
  return new Cron(cron, { timezone: timeZone, mode: '5-part', paused: true })
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
