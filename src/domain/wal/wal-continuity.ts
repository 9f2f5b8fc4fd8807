import { branches, knownTimelines, type TimelineHistory } from './timeline-history.ts'
import type { WalCatalogue, WalGap, WalSegment } from './wal-catalogue.ts'
import { DEFAULT_SEGMENT_BYTES, formatSegmentName, parseSegmentName, segmentNumberAt } from './wal-name.ts'

/** What an archive holds, as runs of numbers. Costs one look at the gaps and two at each timeline. */
export interface WalCoverage {
  readonly segmentBytes: number
  /** Lowest and highest number that a timeline has; null when it has none. */
  extent(timeline: number): { readonly first: number; readonly last: number } | null
  /** The last number of the unbroken run from `number` on; null when that one is missing. */
  runFrom(timeline: number, number: number): number | null
}

export function coverageOf(wal: WalCatalogue): WalCoverage {
  const segmentBytes = segmentBytesOf(wal)
  const gaps = new Map<number, { after: number; before: number }[]>()
  for (const gap of wal.gaps) {
    const ofTimeline = gaps.get(gap.timeline) ?? []
    ofTimeline.push({ after: numberOf(gap.after, segmentBytes), before: numberOf(gap.before, segmentBytes) })
    gaps.set(gap.timeline, ofTimeline)
  }
  const extents = new Map<number, { first: number; last: number } | null>()
  const extent = (timeline: number) => {
    const known = extents.get(timeline)
    if (known !== undefined) return known
    const request = { limit: 1, from: null, timeline }
    const first = wal.page({ ...request, backward: false }).segments[0]
    const last = wal.page({ ...request, backward: true }).segments[0]
    const found =
      first === undefined || last === undefined
        ? null
        : { first: numberOf(first.name, segmentBytes), last: numberOf(last.name, segmentBytes) }
    extents.set(timeline, found)
    return found
  }
  const runFrom = (timeline: number, number: number) => {
    const range = extent(timeline)
    if (range === null || number < range.first || number > range.last) return null
    const gap = firstEndingAfter(gaps.get(timeline) ?? [], number)
    if (gap === undefined) return range.last
    return gap.after < number ? null : gap.after
  }
  return { segmentBytes, extent, runFrom }
}

/**
 * Every gap of the archive: those within timelines, and those where a timeline does not join the one that it left.
 * A switch is no gap: the new timeline begins with its own copy of the segment that holds the switch, so the old one
 * needs whole segments only up to the one before. Where the parent has no WAL at all, it was removed, not lost.
 */
export function findGaps(wal: WalCatalogue, histories: readonly TimelineHistory[]): WalGap[] {
  const coverage = coverageOf(wal)
  const { segmentBytes } = coverage
  const between = branches(histories).flatMap(({ parent, child, lsn }): WalGap[] => {
    const old = coverage.extent(parent)
    const young = coverage.extent(child)
    const joint = segmentNumberAt(lsn, segmentBytes)
    if (old === null || young === null || old.first >= joint) return []
    const after = Math.min(old.last, joint - 1)
    const before = Math.max(young.first, joint)
    if (before <= after + 1) return []
    return [
      {
        timeline: child,
        after: formatSegmentName(parent, after, segmentBytes),
        before: formatSegmentName(child, before, segmentBytes),
        missingCount: before - after - 1,
      },
    ]
  })
  return [...wal.gaps, ...between].sort((a, b) => (a.before < b.before ? -1 : 1))
}

/** Timelines that can have WAL in the archive, ascending. */
export function archivedTimelines(wal: WalCatalogue, histories: readonly TimelineHistory[], others: number[]) {
  const ends = [wal.first, wal.last].flatMap((segment) => (segment === null ? [] : [segment.timeline]))
  return [...new Set([...knownTimelines(histories), ...ends, ...others])].sort((a, b) => a - b)
}

/** The segment size that the archive was written with; PostgreSQL's default while it is empty. */
export function segmentBytesOf(wal: WalCatalogue): number {
  return wal.first === null ? DEFAULT_SEGMENT_BYTES : Number(wal.first.endLsn - wal.first.startLsn)
}

/** The segment with that number on the newest of some timelines (ascending) that has it. */
export function newestWithNumber(wal: WalCatalogue, timelines: readonly number[], number: number): WalSegment | null {
  const segmentBytes = segmentBytesOf(wal)
  for (const timeline of timelines.toReversed()) {
    const segment = wal.get(formatSegmentName(timeline, number, segmentBytes))
    if (segment !== null) return segment
  }
  return null
}

/** A segment's number. Archive names carry no segment size, so the catalogue's is needed. */
function numberOf(name: string, segmentBytes: number): number {
  return parseSegmentName(name, segmentBytes).number
}

/** Of gaps in ascending order, the first that ends after `number`. */
function firstEndingAfter<T extends { readonly before: number }>(gaps: readonly T[], number: number): T | undefined {
  let low = 0
  let high = gaps.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((gaps[middle]?.before ?? 0) > number) high = middle
    else low = middle + 1
  }
  return gaps[low]
}
