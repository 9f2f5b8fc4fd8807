import { type Backup, BackupStatus } from '../backup/backup.ts'
import type { Timestamp } from '../timestamp.ts'
import type { Lsn } from '../wal/lsn.ts'
import { ancestry, branches, type TimelineHistory, type TimelineSpan } from '../wal/timeline-history.ts'
import type { WalCatalogue } from '../wal/wal-catalogue.ts'
import { archivedTimelines, coverageOf, type WalCoverage } from '../wal/wal-continuity.ts'
import {
  formatSegmentName,
  parseSegmentName,
  parseWalFileName,
  segmentNumberAt,
  segmentStartLsn,
} from '../wal/wal-name.ts'

/**
 * Where one can go back to with one base backup on one timeline, its ancestors' part included. Nothing is missing from
 * the backup's first WAL up to `latestLsn`; after a gap only a later backup has windows.
 */
export interface RecoveryWindow {
  readonly backup: Backup
  readonly timeline: number
  /** The timelines that recovery follows, from the backup's to the window's. */
  readonly path: readonly number[]
  /** Where its timeline leaves the one before it; null for the backup's own. */
  readonly leavesAt: Lsn | null
  /** When the backup ended. */
  readonly earliestTime: Timestamp
  /** When the last WAL that is there was written. */
  readonly latestTime: Timestamp
  /** Where the backup is consistent. */
  readonly earliestLsn: Lsn
  /** The first byte that is not there: recovery to the end of the archive ends here, and no LSN target reaches it. */
  readonly latestLsn: Lsn
  /** Whether later WAL is there, but not what lies between. */
  readonly endsAtGap: boolean
}

/** WAL that Barman has received and not yet filed: whole segments, and the one that is being streamed. */
export interface ReceivedSegment {
  /** "000000010000000000000007", or with ".partial". */
  readonly name: string
  readonly modifiedAt: Timestamp
  /** How far it is filled; null when that is not known: the window's time then reaches further than its LSN. */
  readonly lsn: Lsn | null
}

export interface RecoveryWindowSources {
  readonly backups: readonly Backup[]
  readonly wal: WalCatalogue
  /** That of the current timeline, and of abandoned ones where they are known. */
  readonly histories: readonly TimelineHistory[]
  readonly received?: readonly ReceivedSegment[]
}

/** A backup of which all is known that a window needs. */
interface UsableBackup {
  readonly backup: Backup
  readonly timeline: number
  readonly endTime: Timestamp
  readonly endLsn: Lsn
  readonly firstSegment: number
}

interface Reach {
  readonly time: Timestamp | null
  readonly lsn: Lsn
  /** The last whole segment. */
  readonly number: number
}

/** Every window, by backup (in the given order) and then by timeline. Its cost does not depend on how much WAL there is. */
export function computeRecoveryWindows({
  backups,
  wal,
  histories,
  received = [],
}: RecoveryWindowSources): RecoveryWindow[] {
  const coverage = coverageOf(wal)
  const beyond = received.flatMap((each) => placeOf(each, coverage) ?? [])
  const usable = backups.flatMap((backup) => usableBackup(backup, backups, coverage.segmentBytes) ?? [])
  const others = [...usable, ...beyond].map((each) => each.timeline)
  const timelines = archivedTimelines(wal, histories, others)
  const exits = branches(histories)

  function windowOf(from: UsableBackup, timeline: number): RecoveryWindow | null {
    const path = ancestry(timeline, histories)
    const start = path.findIndex((span) => span.timeline === from.timeline)
    const origin = path[start]
    // Taken after this path had left the backup's timeline.
    if (origin === undefined || (origin.end !== null && from.endLsn > origin.end)) return null
    const entry = followTo(path.slice(start), from.firstSegment, coverage)
    if (entry === null) return null
    const leavesAt = path.length - 1 === start ? null : (path.at(-1)?.begin ?? null)
    const reach = reachOn(timeline, entry, leavesAt)
    if (reach === null || reach.lsn < from.endLsn) return null
    return {
      backup: from.backup,
      timeline,
      path: path.slice(start).map((span) => span.timeline),
      leavesAt,
      earliestTime: from.endTime,
      // The last segment may have been written before the backup's end was recorded.
      latestTime: reach.time === null || reach.time.isBefore(from.endTime) ? from.endTime : reach.time,
      earliestLsn: from.endLsn,
      latestLsn: reach.lsn,
      endsAtGap: isGapBehind(timeline, reach.number),
    }
  }

  function reachOn(timeline: number, entry: number, begin: Lsn | null): Reach | null {
    const run = coverage.runFrom(timeline, entry)
    const last = run === null ? null : wal.get(formatSegmentName(timeline, run, coverage.segmentBytes))
    let number = run ?? entry - 1
    let time = last?.archivedAt ?? null
    // A segment that was just finished is no longer streamed and not filed yet.
    for (let next = receivedAt(number + 1, false); next !== undefined; next = receivedAt(number + 1, false)) {
      number = next.number
      time = next.modifiedAt
    }
    const partial = receivedAt(number + 1, true)
    if (run === null && time === null && partial === undefined) return null
    const whole = segmentStartLsn(number + 1, coverage.segmentBytes)
    const lsn = [whole, begin, partial?.lsn ?? null].reduce<Lsn>((a, b) => (b !== null && b > a ? b : a), whole)
    return { time: partial?.modifiedAt ?? time, lsn, number }

    function receivedAt(wanted: number, isPartial: boolean) {
      return beyond.find((each) => each.timeline === timeline && each.number === wanted && each.isPartial === isPartial)
    }
  }

  function isGapBehind(timeline: number, number: number): boolean {
    if ((coverage.extent(timeline)?.last ?? number) > number) return true
    return exits.some(({ parent, child, lsn }) => {
      if (parent !== timeline || coverage.extent(child) === null) return false
      const joint = segmentNumberAt(lsn, coverage.segmentBytes)
      return number < joint - 1 || coverage.runFrom(child, joint) === null
    })
  }

  return usable.flatMap((from) => timelines.flatMap((timeline) => windowOf(from, timeline) ?? []))
}

/** The number of the first segment that is needed on the path's last timeline; null when WAL is missing before. */
function followTo(path: readonly TimelineSpan[], first: number, coverage: WalCoverage): number | null {
  let from = first
  for (const { timeline, end } of path) {
    if (end === null) continue
    const joint = segmentNumberAt(end, coverage.segmentBytes)
    if (from >= joint) continue
    const run = coverage.runFrom(timeline, from)
    if (run === null || run < joint - 1) return null
    from = joint
  }
  return from
}

function usableBackup(backup: Backup, all: readonly Backup[], segmentBytes: number): UsableBackup | null {
  const { timeline, endTime, endLsn } = backup
  const firstSegment = firstSegmentOf(backup, segmentBytes)
  if (timeline === null || endTime === null || endLsn === null || firstSegment === null) return null
  return isChainDone(backup, all) ? { backup, timeline, endTime, endLsn, firstSegment } : null
}

/** Number of the first segment that recovering the backup needs; null when Barman does not tell. */
export function firstSegmentOf(backup: Backup, segmentBytes: number): number | null {
  if (backup.beginLsn !== null) return segmentNumberAt(backup.beginLsn, segmentBytes)
  return backup.beginWal === null ? null : parseSegmentName(backup.beginWal, segmentBytes).number
}

/** An incremental backup is worth nothing without each of its ancestors. */
function isChainDone(backup: Backup, all: readonly Backup[]): boolean {
  const seen = new Set<string>()
  for (let each: Backup | undefined = backup; each !== undefined && !seen.has(each.backupId); ) {
    if (each.status !== BackupStatus.DONE) return false
    if (each.parentBackupId === null) return true
    seen.add(each.backupId)
    const parent: string = each.parentBackupId
    each = all.find((other) => other.backupId === parent)
  }
  return false
}

function placeOf(received: ReceivedSegment, coverage: WalCoverage) {
  const file = parseWalFileName(received.name, coverage.segmentBytes)
  if (file?.kind !== 'partial' && file?.kind !== 'segment') return null
  return { ...received, timeline: file.timeline, number: file.number, isPartial: file.kind === 'partial' }
}
