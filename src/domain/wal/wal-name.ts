import { InvalidValueError } from '../errors.ts'
import type { Lsn } from './lsn.ts'

/** PostgreSQL's default `wal_segment_size`. */
export const DEFAULT_SEGMENT_BYTES = 16 * 1024 * 1024

const LOG_BYTES = 2 ** 32
const NAME = /^([0-9A-F]{8})(?:([0-9A-F]{8})([0-9A-F]{8}))?(?:\.(partial|history|(?:([0-9A-F]{8})\.)?backup))?$/

/** A segment's place: its timeline, and its number counted from the start of the WAL. */
export interface SegmentPosition {
  readonly timeline: number
  readonly number: number
}

/** What a file in a WAL archive can be. */
export type WalFileName =
  | ({ readonly kind: 'segment' | 'partial' } & SegmentPosition)
  /** `offset` is where in the segment the backup began, in bytes. */
  | ({ readonly kind: 'backup'; readonly offset: number } & SegmentPosition)
  | { readonly kind: 'history'; readonly timeline: number }

/** Reads any WAL file's name; null when it is none, or impossible with that segment size. */
export function parseWalFileName(text: string, segmentBytes = DEFAULT_SEGMENT_BYTES): WalFileName | null {
  const match = NAME.exec(text)
  if (match?.[1] === undefined) return null
  const timeline = Number.parseInt(match[1], 16)
  if (match[2] === undefined || match[3] === undefined) {
    return match[4] === 'history' ? { kind: 'history', timeline } : null
  }
  const segment = Number.parseInt(match[3], 16)
  if (timeline === 0 || segment >= segmentsPerLog(segmentBytes)) return null
  const number = Number.parseInt(match[2], 16) * segmentsPerLog(segmentBytes) + segment
  if (match[4] === undefined) return { kind: 'segment', timeline, number }
  if (match[4] === 'partial') return { kind: 'partial', timeline, number }
  if (match[5] === undefined) return null
  return { kind: 'backup', timeline, number, offset: Number.parseInt(match[5], 16) }
}

/** Reads the name of a whole segment; throws InvalidValueError on anything else. */
export function parseSegmentName(name: string, segmentBytes = DEFAULT_SEGMENT_BYTES): SegmentPosition {
  const parsed = parseWalFileName(name, segmentBytes)
  if (parsed?.kind !== 'segment') {
    throw new InvalidValueError(`"${name}" is not the name of a WAL segment`, {
      remedy: 'Write 24 hexadecimal digits, e.g. "000000010000000000000007".',
    })
  }
  return { timeline: parsed.timeline, number: parsed.number }
}

export function formatSegmentName(timeline: number, number: number, segmentBytes = DEFAULT_SEGMENT_BYTES): string {
  const perLog = segmentsPerLog(segmentBytes)
  return hex8(timeline) + hex8(Math.floor(number / perLog)) + hex8(number % perLog)
}

/** "00000002.history". */
export function formatHistoryName(timeline: number): string {
  return `${hex8(timeline)}.history`
}

/** The name of the segment that follows on the same timeline: ...FF is followed by the next log file's 00. */
export function nextSegmentName(name: string, segmentBytes = DEFAULT_SEGMENT_BYTES): string {
  const { timeline, number } = parseSegmentName(name, segmentBytes)
  return formatSegmentName(timeline, number + 1, segmentBytes)
}

/** First byte of a segment. Its end is the start of the next. */
export function segmentStartLsn(number: number, segmentBytes = DEFAULT_SEGMENT_BYTES): Lsn {
  return BigInt(number) * BigInt(segmentBytes)
}

/** Number of the segment that holds the byte at `lsn`; at a boundary, the one that begins there. */
export function segmentNumberAt(lsn: Lsn, segmentBytes = DEFAULT_SEGMENT_BYTES): number {
  return Number(lsn / BigInt(segmentBytes))
}

export function segmentNameAt(timeline: number, lsn: Lsn, segmentBytes = DEFAULT_SEGMENT_BYTES): string {
  return formatSegmentName(timeline, segmentNumberAt(lsn, segmentBytes), segmentBytes)
}

function segmentsPerLog(segmentBytes: number): number {
  return LOG_BYTES / segmentBytes
}

function hex8(value: number): string {
  return value.toString(16).toUpperCase().padStart(8, '0')
}
