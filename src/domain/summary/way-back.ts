import type { BackupServerSnapshot } from '../backup/backup-server.ts'
import type { ClusterView } from '../cluster/cluster-view.ts'
import { formatSeconds } from '../health/format.ts'
import { seenNow } from '../observed.ts'
import { type RecoveryRecord, totalSecondsOf } from '../recovery/recovery.ts'
import type { RecoveryWindow } from '../recovery/recovery-window.ts'
import type { Timestamp } from '../timestamp.ts'
import { findGaps } from '../wal/wal-continuity.ts'
import { formatMoment } from './moment.ts'
import { whyUnseen } from './unseen.ts'

/** The newest recovery whose verification passed, or why that is not known. */
export type LastProof = { readonly recovery: RecoveryRecord | null } | { readonly unknown: string }

/** How far back can one go, and when was that last proved? */
export interface WayBack {
  readonly sentence: string
  /** The first moment; null where there is none, or it is not known, as `sentence` says. */
  readonly from: Timestamp | null
  readonly to: Timestamp | null
  /** Where segments are missing in the archive. */
  readonly gaps: number
}

/** Moments of which each can be gone back to. */
interface Stretch {
  readonly from: Timestamp
  readonly to: Timestamp
}

export function assessWayBack(
  view: ClusterView,
  server: BackupServerSnapshot | undefined,
  windows: readonly RecoveryWindow[],
  { proof, now }: { proof: LastProof; now: Date },
): WayBack {
  const wal = server?.wal.value ?? null
  const gaps = wal === null ? 0 : findGaps(wal, view.histories).length
  const unseen = whyUnseen(server, ['backups', 'wal']) ?? whyUnknown(view, windows)
  if (unseen !== null) {
    return { sentence: `How far back one can go is not known: ${unseen}.`, from: null, to: null, gaps }
  }
  const stretches = stretchesOf(windows)
  const [first, last] = [stretches[0], stretches.at(-1)]
  if (first === undefined || last === undefined) {
    return { sentence: 'There is no way back: there is no backup to recover.', from: null, to: null, gaps }
  }
  const [from, to] = [first.from, last.to]
  const whole = `any moment from ${formatMoment(from)} to ${formatMoment(to)} (${formatSeconds(to.secondsSince(from))})`
  const sentence = `One can go back to ${whole}${butFor(stretches)}; ${proved(proof, now)}.`
  return { sentence, from, to, gaps }
}

/** Without Patroni's history, no way leads from an older backup to the timeline that is written. */
function whyUnknown({ snapshot, timeline }: ClusterView, windows: readonly RecoveryWindow[]): string | null {
  if (seenNow(snapshot.topology) !== null || windows.some((window) => window.timeline === timeline)) return null
  return "Patroni's keys cannot be seen, which tell how the timelines followed each other"
}

/** The windows of all backups and timelines, joined where they overlap; by time. */
function stretchesOf(windows: readonly RecoveryWindow[]): Stretch[] {
  const stretches: Stretch[] = []
  for (const { earliestTime: from, latestTime: to } of [...windows].sort(byBegin)) {
    const last = stretches.at(-1)
    if (last === undefined || from.isAfter(last.to)) stretches.push({ from, to })
    else if (to.isAfter(last.to)) stretches[stretches.length - 1] = { from: last.from, to }
  }
  return stretches
}

const byBegin = (one: RecoveryWindow, other: RecoveryWindow) => one.earliestTime.secondsSince(other.earliestTime)

/** What lies between stretches, the longest first named. */
function butFor(stretches: readonly Stretch[]): string {
  const between = stretches.slice(1).map(({ from }, index) => ({ from: stretches[index]?.to ?? from, to: from }))
  const [longest] = between.sort((a, b) => b.to.secondsSince(b.from) - a.to.secondsSince(a.from))
  if (longest === undefined) return ''
  const others = between.length === 1 ? '' : ` and ${between.length - 1} shorter`
  return `, but for what was written from ${formatMoment(longest.from)} to ${formatMoment(longest.to)}${others}`
}

function proved(proof: LastProof, now: Date): string {
  if ('unknown' in proof)
    return `whether its backups are whole, and when that was last proved, is not known: ${proof.unknown}`
  const verification = proof.recovery?.verification
  if (proof.recovery === null || verification == null) return 'never proved'
  const ago = formatSeconds(Math.max(0, now.getTime() - Date.parse(verification.at)) / 1000)
  const took = totalSecondsOf(proof.recovery)
  return `last proved ${ago} ago${took === null ? '' : `, in ${formatSeconds(took)}`}`
}
