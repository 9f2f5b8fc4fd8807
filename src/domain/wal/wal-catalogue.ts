import type { Timestamp } from '../timestamp.ts'
import type { Lsn } from './lsn.ts'

/** One archived WAL segment. */
export interface WalSegment {
  /** 24 hexadecimal digits: timeline, log, segment. */
  readonly name: string
  readonly timeline: number
  readonly startLsn: Lsn
  readonly endLsn: Lsn
  /** Bytes on Barman's disk (compressed). */
  readonly sizeBytes: number
  readonly compression: string | null
  /** The segment file's modification time as Barman noted it. */
  readonly archivedAt: Timestamp
}

/** Segments that are missing between two that are there. */
export interface WalGap {
  readonly timeline: number
  /** Last segment before the gap. */
  readonly after: string
  /** First segment after it. */
  readonly before: string
  readonly missingCount: number
}

/** Filter and direction of a page of segments. */
export interface WalPageRequest {
  readonly limit: number
  /** Start after this segment name (exclusive); null for the start (or the end when `backward`). */
  readonly from: string | null
  readonly backward: boolean
  /** Only this timeline. */
  readonly timeline: number | null
}

export interface WalPage {
  /** Always in ascending order. */
  readonly segments: readonly WalSegment[]
  readonly hasMoreBefore: boolean
  readonly hasMoreAfter: boolean
}

/** What a reader sees of the archive; its cost does not depend on how much is archived. */
export interface WalCatalogue {
  readonly segmentCount: number
  readonly totalBytes: number
  readonly first: WalSegment | null
  readonly last: WalSegment | null
  /** By position, not by name: ascending by timeline and then by position. */
  readonly gaps: readonly WalGap[]
  /** Bytes a second over the last segments (compressed, as archived); null with fewer than two. */
  readonly bytesPerSecond: number | null
  page(request: WalPageRequest): WalPage
  /** Name of the segment that Barman has filed last; null while there is none. */
  readonly lastFiled: string | null
  /**
   * At most `limit` segments in the order in which Barman has filed them, behind this one (from the first without one); null
   * when it is not in the catalogue. That is their order within a timeline, save for WAL that came late; the last
   * segments of a timeline may come between those of the next.
   */
  filedAfter(name: string | null, limit: number): readonly WalSegment[] | null
  get(name: string): WalSegment | null
  has(name: string): boolean
}
