import { createHash } from 'node:crypto'
import { Cron } from 'croner'
import { messageOf } from '../errors.ts'
import { DAY_MS, endOfOffset, firstInstantOf, type Zone, zoneNamed } from './wall-time.ts'

/** When a schedule runs. */
export interface Timing {
  /** Minute, hour, day, month, weekday: "30 2 * * 0". */
  readonly cron: string
  /** IANA: "Europe/Berlin". */
  readonly timeZone: string
  /** Every slot of a schedule is begun as many seconds later: up to so many, whichever process reckons. */
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
    ...(isTimeZone(timeZone) ? [] : [noTimeZone(timeZone)]),
    ...cronProblems(cron),
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

function cronProblems(cron: string): TimingProblem[] {
  const remedy = 'Write minute, hour, day, month and weekday: "30 2 * * 0" is Sunday, 02:30.'
  const problem = (message: string): TimingProblem[] => [{ field: 'cron', message, remedy }]
  // croner would take a date as well, which comes once.
  if (!/^(@[a-z]+|(\S+\s+){4}\S+)$/i.test(cron.trim())) return problem(`"${cron}" is no cron expression`)
  try {
    const isEver = open(cron).nextRun(new Date(0)) !== null
    return isEver ? [] : problem(`"${cron}" names a time that never comes`)
  } catch (error) {
    return problem(`"${cron}" is no cron expression: ${messageOf(error)}`)
  }
}

/** Names times, and where. */
type Times = Pick<Timing, 'cron' | 'timeZone'>

/** Finds the first slot after an instant: both in milliseconds; null where there is none. */
type FindSlot = (after: number) => number | null

/**
 * The first slots after a moment, ascending. A slot is a moment in UTC, so none comes twice. Where the clock goes forward, the times that
 * are skipped have one slot together, at that moment; where it goes back, a time counts when it comes first. What names every hour goes on
 * each hour.
 */
export function nextSlots(timing: Times, after: Date, count: number): Date[] {
  const find = slotFinder(timing)
  const found: Date[] = []
  while (found.length < count) {
    const slot = find((found.at(-1) ?? after).getTime())
    if (slot === null) break
    found.push(new Date(slot))
  }
  return found
}

/** The first slot after a moment; null where there is none. */
export function firstSlot(timing: Times, after: Date): Date | null {
  return nextSlots(timing, after, 1)[0] ?? null
}

/** The newest slot from one that is known up to a moment. */
export function newestSlot(timing: Times, known: Date, until: Date): Date {
  const find = slotFinder(timing)
  let newest = known.getTime()
  let behind = until.getTime()
  while (behind > newest) {
    const middle = newest + Math.floor((behind - newest) / 2)
    const slot = find(middle)
    if (slot !== null && slot <= until.getTime()) newest = slot
    else behind = middle
  }
  return new Date(newest)
}

/** When a slot of a schedule is begun: with its jitter, which is that of the schedule, so that its slots keep their order. */
export function dueAt(name: string, slot: Date, { jitterSeconds }: Pick<Timing, 'jitterSeconds'>): Date {
  return new Date(slot.getTime() + jitterMs(name, { jitterSeconds }))
}

/** The same in every process. */
export function jitterMs(name: string, { jitterSeconds }: Pick<Timing, 'jitterSeconds'>): number {
  const part = createHash('sha256').update(name).digest().readUInt32BE(0) / 2 ** 32
  return Math.floor(part * jitterSeconds) * 1000
}

function slotFinder({ cron, timeZone }: Times): FindSlot {
  const times = open(cron)
  const zone = zoneNamed(timeZone)
  return isEachHour(cron) ? whenShown(times, zone) : whenFirstShown(times, zone)
}

/** When clocks show one of these times, for the first time or again. */
function whenShown(times: Cron, zone: Zone): FindSlot {
  return (after) => {
    let from = after
    let shown = after + zone.offsetAt(after)
    for (;;) {
      const offset = zone.offsetAt(from)
      const end = endOfOffset(from, zone)
      const wall = times.nextRun(new Date(shown))?.getTime()
      if (wall === undefined) return null
      if (wall - offset < end) return wall - offset
      // Nothing is shown before that but what is about to be shown again: days without a change are passed over.
      from = zone.offsetAt(end) === offset ? Math.max(end, wall - offset - 2 * DAY_MS) : end
      // A second less: what is shown at its begin counts.
      shown = from + zone.offsetAt(from) - 1000
    }
  }
}

/** When clocks show one of these times that they have not shown before. */
function whenFirstShown(times: Cron, zone: Zone): FindSlot {
  return (after) => {
    for (let wall = new Date(after + zone.offsetAt(after)); ; ) {
      const next = times.nextRun(wall)
      if (next === null) return null
      const instant = firstInstantOf(next.getTime(), zone)
      if (instant > after) return instant
      wall = next
    }
  }
}

/** The times of a cron expression, as clocks on a wall show them. */
function open(cron: string): Cron {
  return new Cron(cron, { timezone: 'UTC', mode: '5-part', paused: true })
}

/** Whether it names every hour of a day, however that is written. */
function isEachHour(cron: string): boolean {
  const [first = '', hours = ''] = cron.trim().split(/\s+/)
  if (/^@hourly$/i.test(first)) return true
  return new Set(hours.split(',').flatMap(hoursOf)).size === 24
}

/** "*", "8", "8-17", "8-17/2". croner has read it before: what it does not take does not come here. */
function hoursOf(part: string): number[] {
  const [range = '', step = '1'] = part.split('/')
  const [from = 0, to = part.includes('/') ? 23 : from] = /^[*?]$/.test(range) ? [0, 23] : range.split('-').map(Number)
  return Array.from({ length: 24 }, (_, hour) => hour).filter(
    (hour) => hour >= from && hour <= to && (hour - from) % Number(step) === 0,
  )
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
