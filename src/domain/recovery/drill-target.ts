import { Timestamp } from '../timestamp.ts'
import type { RecoveryTargetInput } from './recovery-target.ts'
import type { RecoveryWindow } from './recovery-window.ts'

/** How far back a drill goes. */
export enum DrillPoint {
  LATEST = 'LATEST',
  OLDEST = 'OLDEST',
  RANDOM = 'RANDOM',
}

/** Where a drill goes; `backup` null: the one that is best for it. */
export interface DrillTarget {
  readonly target: RecoveryTargetInput
  readonly backup: string | null
}

/** Null where there is no window. `draw`: from 0 to less than 1, says which random moment. */
export function drillTarget(
  point: DrillPoint,
  windows: readonly RecoveryWindow[],
  { draw, now }: { readonly draw: number; readonly now: Date },
): DrillTarget | null {
  const ascending = [...windows].sort((a, b) => a.earliestTime.secondsSince(b.earliestTime))
  const [oldest] = ascending
  if (oldest === undefined) return null
  switch (point) {
    case DrillPoint.LATEST:
      return { target: {}, backup: null }
    case DrillPoint.OLDEST:
      return { target: { immediate: true }, backup: oldest.backup.backupId }
    case DrillPoint.RANDOM: {
      const time = momentAt(draw, spansOf(ascending, Timestamp.fromDate(now)))
      return time === null ? null : { target: { time }, backup: null }
    }
  }
}

/** Microseconds since 1970. */
interface Span {
  readonly from: bigint
  readonly to: bigint
}

/** What the windows cover together, ascending, without what is still to come. */
function spansOf(windows: readonly RecoveryWindow[], now: Timestamp): Span[] {
  const spans: Span[] = []
  for (const { earliestTime, latestTime } of windows) {
    if (earliestTime.isAfter(now)) continue
    const from = earliestTime.microseconds
    const to = (latestTime.isAfter(now) ? now : latestTime).microseconds
    const last = spans.at(-1)
    if (last === undefined || from > last.to) spans.push({ from, to })
    else if (to > last.to) spans.splice(-1, 1, { from: last.from, to })
  }
  return spans
}

/** Every moment that is covered is as likely. Null where none is. */
function momentAt(draw: number, spans: readonly Span[]): Timestamp | null {
  const total = spans.reduce((sum, { from, to }) => sum + (to - from), 0n)
  let rest = BigInt(Math.floor(draw * Number(total)))
  for (const { from, to } of spans) {
    if (rest <= to - from) return Timestamp.fromMicroseconds(from + rest)
    rest -= to - from
  }
  return null
}
