import type { BackupServerSnapshot } from '../backup/backup-server.ts'
import type { ClusterView } from '../cluster/cluster-view.ts'
import { isReachable } from '../cluster/node-view.ts'
import { formatBytes, formatSeconds } from '../health/format.ts'
import { seenNow } from '../observed.ts'
import type { RecoveryWindow } from '../recovery/recovery-window.ts'
import { Timestamp } from '../timestamp.ts'
import { segmentBytesOf } from '../wal/wal-continuity.ts'
import { DEFAULT_SEGMENT_BYTES, parseWalFileName, segmentNumberAt } from '../wal/wal-name.ts'
import { formatMoment } from './moment.ts'
import { whyUnseen } from './unseen.ts'

/** What would be lost now, with every node? */
export interface PossibleLoss {
  /** Of writes. Null: not known, or everything, as `sentence` says. */
  readonly seconds: number | null
  readonly sentence: string
}

/** What is not on Barman's disk, or is there without a way that leads to it. */
export function assessLoss(
  view: ClusterView,
  server: BackupServerSnapshot | undefined,
  windows: readonly RecoveryWindow[],
  now: Date,
): PossibleLoss {
  const unseen = whyUnseen(server, ['backups', 'wal', 'incoming'])
  if (server === undefined || unseen !== null) return unknown(unseen ?? 'no backup server is configured')
  if (windows.length === 0) {
    return { seconds: null, sentence: 'Losing every node now would lose everything: there is no backup to recover.' }
  }
  const current = furthest(windows.filter(({ timeline }) => timeline === view.timeline))
  if (current === null) return behindASwitch(view, windows, now)
  if (current.endsAtGap) return sinceMoment(current.latestTime, now)
  return behindTheLeader(view, server, current, now)
}

/** The archive is whole on the timeline that is written: how far is the leader ahead of it? */
function behindTheLeader(
  view: ClusterView,
  server: BackupServerSnapshot,
  current: RecoveryWindow,
  now: Date,
): PossibleLoss {
  const { leader } = view
  const taken = `Barman last took WAL in ${formatSeconds(ageOf(current.latestTime, now))} ago`
  if (leader === null) return unknown(`no node is seen to lead; ${taken}`)
  if (!isReachable(leader) || leader.lsn === null)
    return unknown(`${leader.name}, which leads, does not answer; ${taken}`)
  if (leader.lsn <= current.latestLsn) {
    const sentence = `Losing every node now would lose nothing: Barman has all that ${leader.name} has written.`
    return { seconds: 0, sentence }
  }
  const segmentBytes = server.wal.value === null ? DEFAULT_SEGMENT_BYTES : segmentBytesOf(server.wal.value)
  const next = segmentNumberAt(current.latestLsn, segmentBytes)
  const missing = segmentNumberAt(leader.lsn - 1n, segmentBytes) - next + 1
  const streamed = { timeline: current.timeline, number: next }
  // Of what is behind by more than arrives now, the time of its arrival says nothing.
  if (missing > (isStreamed(server, streamed, segmentBytes) ? STREAMED_SEGMENTS : 1)) {
    const bytes = formatBytes(Number(leader.lsn - current.latestLsn))
    const sentence = `Losing every node now would lose ${bytes} of WAL that Barman does not have; since when is not known.`
    return { seconds: null, sentence }
  }
  const seconds = ageOf(current.latestTime, now)
  const upTo = formatSeconds(Math.max(1, seconds))
  return { seconds, sentence: `Losing every node now would lose up to ${upTo} of writes: ${taken}.` }
}

/** At full speed the leader has begun some more since Barman was looked at. */
const STREAMED_SEGMENTS = 4

/** Whether this segment is the one that is being received. */
function isStreamed(
  { incoming }: BackupServerSnapshot,
  { timeline, number }: { timeline: number; number: number },
  segmentBytes: number,
): boolean {
  const name = seenNow(incoming)?.streamingPartial ?? null
  const file = name === null ? null : parseWalFileName(name, segmentBytes)
  return file?.kind === 'partial' && file.timeline === timeline && file.number === number
}

/** Nothing of the timeline that is written can be recovered: what was written before its switch, at best. */
function behindASwitch(view: ClusterView, windows: readonly RecoveryWindow[], now: Date): PossibleLoss {
  const topology = seenNow(view.snapshot.topology)
  if (topology === null)
    return unknown("Patroni's keys cannot be seen, which tell how the timelines followed each other")
  const newest = windows.reduce((best, each) => (each.latestTime.isAfter(best.latestTime) ? each : best))
  const switchedAt = topology.timelineHistory.at(-1)?.at ?? null
  const switched = switchedAt === null ? null : Timestamp.fromDate(switchedAt)
  return sinceMoment(switched?.isBefore(newest.latestTime) ? switched : newest.latestTime, now)
}

function sinceMoment(moment: Timestamp, now: Date): PossibleLoss {
  const seconds = ageOf(moment, now)
  const why = `nothing written after ${formatMoment(moment)} can be recovered`
  return { seconds, sentence: `Losing every node now would lose up to ${formatSeconds(seconds)} of writes: ${why}.` }
}

const unknown = (why: string): PossibleLoss => ({
  seconds: null,
  sentence: `What losing every node now would lose is not known: ${why}.`,
})

const furthest = (windows: readonly RecoveryWindow[]) =>
  windows.reduce<RecoveryWindow | null>(
    (best, each) => (best === null || each.latestLsn > best.latestLsn ? each : best),
    null,
  )

/** Clocks differ: never negative. */
const ageOf = (moment: Timestamp, now: Date) => Math.max(0, Timestamp.fromDate(now).secondsSince(moment))
