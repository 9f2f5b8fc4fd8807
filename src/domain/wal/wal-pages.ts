import { Timestamp } from '../timestamp.ts'
import type { WalPage, WalPageRequest, WalSegment } from './wal-catalogue.ts'
import type { WalColumns } from './wal-columns.ts'
import { formatSegmentName, parseSegmentName, segmentStartLsn } from './wal-name.ts'

const THROUGHPUT_SAMPLE = 100

/** The segment in a row. */
export function segmentAt(columns: WalColumns, segmentBytes: number, index: number): WalSegment {
  const timeline = columns.timelineAt(index)
  const number = columns.numberAt(index)
  return {
    name: formatSegmentName(timeline, number, segmentBytes),
    timeline,
    startLsn: segmentStartLsn(number, segmentBytes),
    endLsn: segmentStartLsn(number + 1, segmentBytes),
    sizeBytes: columns.sizeAt(index),
    compression: columns.compressionAt(index),
    archivedAt: Timestamp.fromSeconds(columns.timeAt(index)),
  }
}

export function pageOf(
  columns: WalColumns,
  segmentBytes: number,
  { limit, from, backward, timeline }: WalPageRequest,
): WalPage {
  const low = timeline === null ? 0 : columns.lowerBound(timeline, 0)
  const high = timeline === null ? columns.count : columns.lowerBound(timeline + 1, 0)
  const size = Math.max(0, Math.floor(limit))
  let start = low
  let end = high
  if (from !== null) {
    const place = parseSegmentName(from, segmentBytes)
    const index = columns.lowerBound(place.timeline, place.number)
    if (backward) end = clamp(index, low, high)
    else start = clamp(columns.holds(index, place.timeline, place.number) ? index + 1 : index, low, high)
  }
  if (backward) start = Math.max(start, end - size)
  else end = Math.min(end, start + size)
  const segments = Array.from({ length: end - start }, (_, index) => segmentAt(columns, segmentBytes, start + index))
  return { segments, hasMoreBefore: start > low, hasMoreAfter: end < high }
}

/** Bytes a second over the newest segments; null with fewer than two. */
export function bytesPerSecondOf(columns: WalColumns): number | null {
  const end = columns.count
  const start = Math.max(0, end - THROUGHPUT_SAMPLE)
  let bytes = 0
  for (let index = start + 1; index < end; index++) bytes += columns.sizeAt(index)
  const seconds = end < 2 ? 0 : columns.timeAt(end - 1) - columns.timeAt(start)
  return seconds > 0 ? bytes / seconds : null
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high)
}
