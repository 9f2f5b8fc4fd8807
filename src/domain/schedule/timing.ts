import { createHash } from 'node:crypto'
import { Cron } from 'croner'
import { messageOf } from '../errors.ts'

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

/** What is wrong with a timing. */
export interface TimingProblem {
  readonly field: keyof Timing
  readonly message: string
  readonly remedy: string | null
}

/** From, to: in seconds. */
const BOUNDS = { jitterSeconds: [0, 86_400], deadlineSeconds: [60, 604_800] } as const

/** Empty where it names slots. */
export function timingProblems(timing: Timing): readonly TimingProblem[] {
  const { cron, timeZone } = timing
  return [
    ...(isTimeZone(timeZone) ? cronProblems(cron, timeZone) : [noTimeZone(timeZone)]),
    ...(['jitterSeconds', 'deadlineSeconds'] as const).flatMap((field) => {
      const [from, to] = BOUNDS[field]
      if (Number.isInteger(timing[field]) && timing[field] >= from && timing[field] <= to) return []
      return [{ field, message: `${field} is ${timing[field]}; it is ${from} to ${to}`, remedy: null }]
    }),
  ]
}

function noTimeZone(timeZone: string): TimingProblem {
  const remedy = 'Name one of the IANA database: "Europe/Berlin", "UTC".'
  return { field: 'timeZone', message: `"${timeZone}" is not a time zone`, remedy }
}

function cronProblems(cron: string, timeZone: string): TimingProblem[] {
  const remedy = 'Write minute, hour, day, month and weekday: "30 2 * * 0" is Sunday, 02:30.'
  const problem = (message: string): TimingProblem[] => [{ field: 'cron', message, remedy }]
  try {
    const isEver = open({ cron, timeZone }).nextRun(new Date(0)) !== null
    return isEver ? [] : problem(`"${cron}" names a time that never comes`)
  } catch (error) {
    return problem(`"${cron}" is no cron expression: ${messageOf(error)}`)
  }
}

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
