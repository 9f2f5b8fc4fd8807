import { InvalidValueError } from '../errors.ts'
import { type Lsn, parseLsn } from './lsn.ts'
import type { TimelineSwitch } from './timeline.ts'

/** How one timeline came to be: the switches of its ancestors, oldest first. Branches have histories of their own. */
export interface TimelineHistory {
  readonly timeline: number
  readonly switches: readonly TimelineSwitch[]
}

/** The part of the WAL that one timeline contributes to a path. */
export interface TimelineSpan {
  readonly timeline: number
  /** Null where the path begins, or where it is not known. */
  readonly begin: Lsn | null
  /** Where the next timeline of the path takes over; null on the last. */
  readonly end: Lsn | null
}

/** Reads a `.history` file (tab-separated: timeline, LSN, reason). Throws InvalidValueError. */
export function parseHistoryFile(text: string): TimelineSwitch[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [timeline, lsn, ...reason] = line.split(/\s+/)
      return {
        timeline: parseTimeline(timeline, line),
        lsn: parseLsn(lsn ?? ''),
        reason: reason.length === 0 ? null : reason.join(' '),
        at: null,
        newLeader: null,
      }
    })
}

/** Reads Patroni's history: arrays `[timeline, lsn, reason, timestamp?, newLeader?]`, the LSN a decimal number. Throws InvalidValueError. */
export function parsePatroniHistory(entries: unknown): TimelineSwitch[] {
  if (!Array.isArray(entries)) throw new InvalidValueError("Patroni's history is not an array")
  return entries.map((entry: unknown) => {
    const text = JSON.stringify(entry)
    if (!Array.isArray(entry)) throw new InvalidValueError(`${text} is not an entry of Patroni's history`)
    const [timeline, lsn, reason, at, newLeader]: unknown[] = entry
    return {
      timeline: parseTimeline(timeline, text),
      lsn: parseDecimalLsn(lsn, text),
      reason: typeof reason === 'string' && reason !== '' ? reason : null,
      at: parseTime(at),
      newLeader: typeof newLeader === 'string' && newLeader !== '' ? newLeader : null,
    }
  })
}

/**
 * Patroni's history is that of the current timeline. Where that is not known, it is taken for the one after the last switch.
 */
export function currentHistory(switches: readonly TimelineSwitch[], timeline: number | null): TimelineHistory {
  const current = timeline ?? Math.max(0, ...switches.map((each) => each.timeline)) + 1
  return { timeline: current, switches: switches.filter((each) => each.timeline < current) }
}

/** Every timeline that the histories tell of, ascending. */
export function knownTimelines(histories: readonly TimelineHistory[]): number[] {
  const all = histories.flatMap((each) => [each.timeline, ...each.switches.map((one) => one.timeline)])
  return [...new Set(all)].sort((a, b) => a - b)
}

/** The path from the oldest known ancestor to `timeline`, which is its last span; that span alone when nothing is known. */
export function ancestry(timeline: number, histories: readonly TimelineHistory[]): TimelineSpan[] {
  const own = histories.find((each) => each.timeline === timeline)
  // A descendant's history begins with the ancestor's own.
  const source = own ?? histories.find((each) => each.switches.some((one) => one.timeline === timeline))
  const switches = (source?.switches ?? [])
    .filter((each) => each.timeline < timeline)
    .sort((a, b) => a.timeline - b.timeline)
  const spans: TimelineSpan[] = []
  let begin: Lsn | null = null
  for (const each of switches) {
    spans.push({ timeline: each.timeline, begin, end: each.lsn })
    begin = each.lsn
  }
  return [...spans, { timeline, begin, end: null }]
}

/** Each known timeline that has a known parent, with where it left it. */
export function branches(histories: readonly TimelineHistory[]): { parent: number; child: number; lsn: Lsn }[] {
  return knownTimelines(histories).flatMap((child) => {
    const parent = ancestry(child, histories).at(-2)
    return parent?.end == null ? [] : [{ parent: parent.timeline, child, lsn: parent.end }]
  })
}

function parseTimeline(value: unknown, source: string): number {
  const timeline = Number(value)
  if (!Number.isInteger(timeline) || timeline < 1) throw new InvalidValueError(`"${source}" names no timeline`)
  return timeline
}

function parseDecimalLsn(value: unknown, source: string): Lsn {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value)
  if (typeof value === 'string') return /^\d+$/.test(value) ? BigInt(value) : parseLsn(value)
  throw new InvalidValueError(`"${source}" holds no LSN`)
}

function parseTime(value: unknown): Date | null {
  const time = typeof value === 'string' ? new Date(value) : null
  return time === null || Number.isNaN(time.getTime()) ? null : time
}
