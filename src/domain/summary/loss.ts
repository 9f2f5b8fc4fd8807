import type { BackupServerSnapshot } from '../backup/backup-server.ts'
import type { ClusterView } from '../cluster/cluster-view.ts'
import { formatSeconds } from '../health/format.ts'
import { recoveryPointLagSeconds } from '../recovery/recovery-point-lag.ts'
import type { RecoveryWindow } from '../recovery/recovery-window.ts'
import { Timestamp } from '../timestamp.ts'
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
  if (server === undefined || unseen !== null) {
    return { seconds: null, sentence: `What losing every node now would lose is not known: ${unseen}.` }
  }
  const newest = windows.reduce<RecoveryWindow | null>(
    (best, each) => (best === null || each.latestTime.isAfter(best.latestTime) ? each : best),
    null,
  )
  if (newest === null) {
    return { seconds: null, sentence: 'Losing every node now would lose everything: there is no backup to recover.' }
  }
  // To the end of the archive, on the timeline that is written.
  const isCurrent = windows.some(({ timeline, endsAtGap }) => timeline === view.timeline && !endsAtGap)
  const lag = isCurrent ? recoveryPointLagSeconds(server, view.leader, now) : null
  if (lag === 0) {
    const writer = view.leader?.name ?? 'the leader'
    return {
      seconds: 0,
      sentence: `Losing every node now would lose nothing: Barman has all that ${writer} has written.`,
    }
  }
  if (lag !== null) {
    const taken = `Barman last took WAL in ${formatSeconds(lag)} ago`
    return {
      seconds: lag,
      sentence: `Losing every node now would lose up to ${formatSeconds(lag)} of writes: ${taken}.`,
    }
  }
  const seconds = Math.max(0, Timestamp.fromDate(now).secondsSince(newest.latestTime))
  const why = `nothing written after ${formatMoment(newest.latestTime)} can be recovered`
  return { seconds, sentence: `Losing every node now would lose up to ${formatSeconds(seconds)} of writes: ${why}.` }
}
