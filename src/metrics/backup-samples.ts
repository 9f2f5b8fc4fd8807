import { type Backup, BackupStatus, BackupType, isCopied } from '../domain/backup/backup.ts'
import type { BackupServerSnapshot } from '../domain/backup/backup-server.ts'
import { CheckStatus } from '../domain/check.ts'
import type { ClusterView } from '../domain/cluster/cluster-view.ts'
import { seenNow } from '../domain/observed.ts'
import { recoveryPointLagSeconds } from '../domain/recovery/recovery-point-lag.ts'
import type { RecoveryWindow } from '../domain/recovery/recovery-window.ts'
import { usableWindows } from '../domain/recovery/usable-windows.ts'
import { findGaps } from '../domain/wal/wal-continuity.ts'
import { type Sample, sample } from './metric-names.ts'
import { secondsOf } from './seconds-of.ts'

/** Of one Barman server: what is on its disk, and how far back that leads. `damaged` null: that is not known. */
export function backupSamples(
  view: ClusterView,
  server: BackupServerSnapshot,
  { damaged, now }: { readonly damaged: ReadonlySet<string> | null; readonly now: Date },
): Sample[] {
  const labels = { server: server.name }
  const [wal, backups, disk] = [seenNow(server.wal), seenNow(server.backups), seenNow(server.disk)]
  const isKnown = wal !== null && backups !== null && damaged !== null
  const windows = isKnown ? usableWindows(view.snapshot, server, damaged) : null
  const lag = wal === null ? null : recoveryPointLagSeconds(server, view.leader, now)
  return [
    ...sample('recovery_windows', windows?.length, labels),
    ...(windows === null || windows.length === 0 ? [] : spanSamples(windows, labels)),
    ...sample('recovery_point_lag_seconds', lag, labels),
    // Without Patroni's keys, gaps between timelines are not found.
    ...sample(
      'wal_gaps',
      wal === null || view.histories.length === 0 ? null : findGaps(wal, view.histories).length,
      labels,
    ),
    ...sample('backup_server_free_bytes', disk?.freeBytes, labels),
    ...sample('backup_server_total_bytes', disk?.totalBytes, labels),
    ...(seenNow(server.checks) ?? []).flatMap(({ name, status }) =>
      // What was not checked is not known.
      sample('backup_check_ok', status === CheckStatus.UNKNOWN ? null : status !== CheckStatus.FAILED, {
        ...labels,
        check: name,
      }),
    ),
    ...Object.values(BackupType).flatMap((type) => newestSamples(backups ?? [], type, labels)),
  ]
}

function newestSamples(backups: readonly Backup[], type: BackupType, server: { readonly server: string }): Sample[] {
  const labels = { ...server, type: type.toLowerCase() }
  const own = backups.filter((each) => each.type === type)
  const whole = own.findLast(({ status }) => isCopied(status))
  const failed = own.findLast(({ status }) => status === BackupStatus.FAILED)
  const seconds =
    whole?.endTime == null || whole.beginTime === null ? null : whole.endTime.secondsSince(whole.beginTime)
  return [
    ...sample('backup_last_success_timestamp_seconds', secondsOf(whole?.endTime), labels),
    ...sample('backup_last_duration_seconds', seconds, labels),
    ...sample('backup_last_size_bytes', whole?.sizeBytes, labels),
    ...sample('backup_last_failure_timestamp_seconds', secondsOf(failed?.beginTime), labels),
  ]
}

function spanSamples(windows: readonly RecoveryWindow[], labels: { readonly server: string }): Sample[] {
  const earliest = Math.min(...windows.map(({ earliestTime }) => secondsOf(earliestTime)))
  const latest = Math.max(...windows.map(({ latestTime }) => secondsOf(latestTime)))
  return [
    ...sample('recovery_earliest_timestamp_seconds', earliest, labels),
    ...sample('recovery_latest_timestamp_seconds', latest, labels),
  ]
}
