import { Timestamp } from '../timestamp.ts'
import type { RecoveryWindow } from './recovery-window.ts'

/** Points in time on one timeline that could be recovered, and no longer can. */
export interface LostRange {
  readonly timeline: number
  readonly from: Timestamp
  readonly to: Timestamp
}

type Window = Pick<RecoveryWindow, 'timeline' | 'earliestTime' | 'latestTime'>
/** In microseconds since 1970. */
type Span = readonly [from: bigint, to: bigint]

/** What `before` reaches and `after` does not, by timeline and then by time. */
export function lostRanges(before: readonly Window[], after: readonly Window[]): LostRange[] {
  const timelines = [...new Set(before.map(({ timeline }) => timeline))].sort((a, b) => a - b)
  return timelines.flatMap((timeline) => {
    const kept = spansOf(after, timeline)
    return spansOf(before, timeline)
      .flatMap((span) => kept.reduce<Span[]>((rest, each) => rest.flatMap((part) => without(part, each)), [span]))
      .map(([from, to]) => ({
        timeline,
        from: Timestamp.fromMicroseconds(from),
        to: Timestamp.fromMicroseconds(to),
      }))
  })
}

/** The windows of a timeline as spans that do not touch each other, ascending. */
function spansOf(windows: readonly Window[], timeline: number): Span[] {
  const spans = windows
    .filter((window) => window.timeline === timeline)
    .map(({ earliestTime, latestTime }): Span => [earliestTime.microseconds, latestTime.microseconds])
    .sort((a, b) => (a[0] < b[0] ? -1 : 1))
  const merged: [bigint, bigint][] = []
  for (const [from, to] of spans) {
    const last = merged.at(-1)
    if (last === undefined || from > last[1]) merged.push([from, to])
    else if (to > last[1]) last[1] = to
  }
  return merged
}

function without([from, to]: Span, [start, end]: Span): Span[] {
  if (end < from || start > to) return [[from, to]]
  return [...(start > from ? [[from, start] as const] : []), ...(end < to ? [[end, to] as const] : [])]
}
