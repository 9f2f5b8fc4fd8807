import { formatLsn } from '../wal/lsn.ts'
import { DEFAULT_SEGMENT_BYTES } from '../wal/wal-name.ts'
import { blockOf } from './blocked-backup.ts'
import { describeTarget, type RecoveryTarget } from './recovery-target.ts'
import type { RecoveryWindow } from './recovery-window.ts'

/** The windows that a verdict looked at, each list narrower than the one before. */
export interface ConsideredWindows {
  readonly all: readonly RecoveryWindow[]
  /** Of the base backup that was asked for. */
  readonly ofBackup: readonly RecoveryWindow[]
  readonly onTimeline: readonly RecoveryWindow[]
}

/** An LSN target needs a record at or after it, so the first byte that is not there cannot be one. */
export function contains(window: RecoveryWindow, target: RecoveryTarget): boolean {
  if (target.kind === 'TIME') {
    return !target.time.isBefore(window.earliestTime) && !target.time.isAfter(window.latestTime)
  }
  if (target.kind === 'LSN') return target.lsn >= window.earliestLsn && target.lsn < window.latestLsn
  return true
}

/** Clocks tell milliseconds: what lies in this one is not the future. */
export function isFuture(target: RecoveryTarget, now: Date): boolean {
  return target.kind === 'TIME' && target.time.toDate() > now
}

/** What a person should know before a recovery that is possible. */
export function caveats(target: RecoveryTarget, chosen: RecoveryWindow, windows: readonly RecoveryWindow[]): string[] {
  if (target.kind === 'XID' || target.kind === 'NAME') {
    return [
      `Only replay can tell where ${describeTarget(target)} is. It is found if it lies between ${spanOf(chosen)}; if it is older, name an earlier base backup.`,
    ]
  }
  if (target.kind === 'END' && chosen.endsAtGap) {
    return [`Recovery ends at LSN ${formatLsn(chosen.latestLsn)}: WAL after it is missing.`]
  }
  if (target.kind !== 'TIME' && target.kind !== 'LSN') return []
  const elsewhere = windows.filter(
    (each) => !chosen.path.includes(each.timeline) && !each.path.includes(chosen.timeline),
  )
  const timelines = elsewhere.filter((each) => contains(each, target)).map((each) => each.timeline)
  return [
    ...[...new Set(timelines)].map(
      (timeline) => `Timeline ${timeline} reaches this point too; name it in the target if its data is meant.`,
    ),
    ...givenUp(target, chosen, windows),
  ]
}

/**
 * An ancestor that went on after the fork was abandoned by a recovery: what was written to it then is never on the
 * chosen timeline.
 */
function givenUp(target: RecoveryTarget, chosen: RecoveryWindow, windows: readonly RecoveryWindow[]): string[] {
  return chosen.path.flatMap((timeline, index) => {
    const child = chosen.path[index + 1]
    const fork = windows.find((each) => each.timeline === child && each.leavesAt !== null)?.leavesAt ?? null
    const wentOn = windows.some(
      (each) =>
        each.timeline === timeline && fork !== null && each.latestLsn > fork + SEGMENT && contains(each, target),
    )
    if (!wentOn || fork === null) return []
    return [
      `Timeline ${timeline} went on after LSN ${formatLsn(fork)}, where timeline ${child} leaves it: name it in the target if what was written there is meant.`,
    ]
  })
}

/** A timeline that was left by a switchover ends within the segment of the fork. */
const SEGMENT = BigInt(DEFAULT_SEGMENT_BYTES)

/** Which base backups reach the target, and are not taken for it because they are damaged, or are not to be restored. */
export function explainLeftOut(windows: readonly RecoveryWindow[], damaged: ReadonlySet<string>): string[] {
  const backups = [...new Map(windows.map(({ backup }) => [backup.backupId, backup])).values()]
  return backups.map((backup) => {
    const isDamaged = damaged.has(backup.backupId)
    const why = isDamaged ? 'it, or one that it builds on, failed its last verification' : blockOf(backup)?.message
    return `Base backup ${backup.backupId} is left out: ${why}.`
  })
}

/** Why the target cannot be reached, and the nearest point that can. */
export function explainMiss(
  target: RecoveryTarget,
  windows: ConsideredWindows,
  context: { readonly now: Date; readonly backupId?: string | null },
): string[] {
  const { all, ofBackup, onTimeline: candidates } = windows
  if (all.length === 0) {
    return [
      'There is no finished base backup with all the WAL that it needs. Take one: createBackup(input: {type: FULL}).',
    ]
  }
  if (ofBackup.length === 0) {
    return [
      `Base backup ${context.backupId} cannot be recovered: it is unknown, unfinished, or WAL that it needs is missing.`,
    ]
  }
  if (candidates.length === 0) {
    const timelines = [...new Set(ofBackup.map((each) => each.timeline))].sort((a, b) => a - b)
    return [`No base backup reaches timeline ${target.timeline}. Recoverable timelines: ${timelines.join(', ')}.`]
  }
  const reasons = isFuture(target, context.now)
    ? [`${describeTarget(target)} lies in the future: it is ${context.now.toISOString()}.`]
    : [whereItLies(target, candidates)]
  return [...reasons, nearestPoint(target, candidates)]
}

function whereItLies(target: RecoveryTarget, candidates: readonly RecoveryWindow[]): string {
  const before = candidates.filter((each) => isBehind(each, target))
  const after = candidates.filter((each) => !isBehind(each, target))
  const what = describeTarget(target)
  const previous = before.sort((a, b) => Number(endOf(b, target) - endOf(a, target)))[0]
  if (previous === undefined) return `${what} lies before the end of the first base backup from which one can recover.`
  if (previous.endsAtGap) {
    return `${what} lies in a gap: WAL is missing after ${pointOf(previous, 'latest')}${after.length > 0 ? ', up to the next base backup' : ''}.`
  }
  if (after.length > 0) return `${what} lies between two recovery windows.`
  return `${what} lies after the end of the archived WAL, ${pointOf(previous, 'latest')}. switchWal(input: {force: true}) closes the open segment, so that it is archived.`
}

function nearestPoint(target: RecoveryTarget, candidates: readonly RecoveryWindow[]): string {
  const points = candidates.flatMap((window) => [
    {
      text: `${pointOf(window, 'earliest')}, the end of base backup ${window.backup.backupId}`,
      at: startOf(window, target),
    },
    {
      text: `${pointOf(window, 'latest')} on timeline ${window.timeline}, the end of what base backup ${window.backup.backupId} reaches`,
      at: endOf(window, target),
    },
  ])
  const wanted = valueOfTarget(target)
  const [nearest] = points.sort((a, b) => Number(distance(a.at, wanted) - distance(b.at, wanted)))
  return `The nearest recoverable point is ${nearest?.text}.`
}

// Times and LSNs are compared as whole numbers of the target's own kind.

function valueOfTarget(target: RecoveryTarget): bigint {
  if (target.kind === 'LSN') return target.lsn
  return target.kind === 'TIME' ? target.time.microseconds : 0n
}

function startOf(window: RecoveryWindow, target: RecoveryTarget): bigint {
  return target.kind === 'LSN' ? window.earliestLsn : window.earliestTime.microseconds
}

function endOf(window: RecoveryWindow, target: RecoveryTarget): bigint {
  return target.kind === 'LSN' ? window.latestLsn : window.latestTime.microseconds
}

function isBehind(window: RecoveryWindow, target: RecoveryTarget): boolean {
  return startOf(window, target) <= valueOfTarget(target)
}

function distance(a: bigint, b: bigint): bigint {
  return a > b ? a - b : b - a
}

function pointOf(window: RecoveryWindow, end: 'earliest' | 'latest'): string {
  const [time, lsn] =
    end === 'earliest' ? [window.earliestTime, window.earliestLsn] : [window.latestTime, window.latestLsn]
  return `${time} (LSN ${formatLsn(lsn)})`
}

function spanOf(window: RecoveryWindow): string {
  return `${pointOf(window, 'earliest')} and ${pointOf(window, 'latest')}`
}
