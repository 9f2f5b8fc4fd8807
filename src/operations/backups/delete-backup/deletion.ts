import { type Backup, isCopied } from '../../../domain/backup/backup.ts'
import type { BackupServerSnapshot } from '../../../domain/backup/backup-server.ts'
import type { ClusterSnapshot } from '../../../domain/cluster/cluster.ts'
import { PlannedEffect, type PlanScope, planScope } from '../../../domain/operation/plan-scope.ts'
import { windowsWith } from '../../../domain/recovery/cluster-windows.ts'
import { type LostRange, lostRanges } from '../../../domain/recovery/lost-recovery-range.ts'

/** What goes when backups are deleted. */
export interface DeletionEffects {
  /** Of the backups themselves. */
  readonly backupBytes: number
  /** Of the WAL that only they needed; about that much. */
  readonly walBytes: number
  readonly lost: readonly LostRange[]
}

/** A backup and all that build on it, those first that nothing builds on: the order in which Barman deletes them. */
export function treeOf(backup: Backup, backups: readonly Backup[]): Backup[] {
  const children = backups.filter(
    ({ backupId, parentBackupId }) => parentBackupId === backup.backupId || backup.childBackupIds.includes(backupId),
  )
  return [...children.flatMap((child) => treeOf(child, backups)), backup]
}

export function deletionEffects(
  cluster: ClusterSnapshot,
  server: BackupServerSnapshot,
  doomed: readonly Backup[],
): DeletionEffects {
  const backups = server.backups.value ?? []
  const ids = new Set(doomed.map(({ backupId }) => backupId))
  const left = backups.filter(({ backupId }) => !ids.has(backupId))
  // Barman removes WAL up to the oldest backup that stays, so only that of the oldest ones goes with them.
  const copied = backups.filter(({ status }) => isCopied(status))
  const firstLeft = copied.findIndex(({ backupId }) => !ids.has(backupId))
  const oldest = firstLeft === -1 ? copied : copied.slice(0, firstLeft)
  return {
    backupBytes: sum(doomed.map(({ sizeBytes }) => sizeBytes)),
    walBytes: sum(oldest.map(({ walBytes }) => walBytes)),
    lost: lostRanges(windowsWith(cluster, server, backups), windowsWith(cluster, server, left)),
  }
}

/** These backups go, and with them perhaps a range that could be recovered to. */
export function scopeOfDeletion(doomed: readonly Backup[], effects: DeletionEffects | null): PlanScope {
  return planScope({
    backups: doomed.map(({ backupId }) => backupId),
    effects: (effects?.lost ?? []).length === 0 ? [] : [PlannedEffect.DATA_LOSS],
  })
}

/** A sentence about what can no longer be recovered; null when nothing is lost. */
export function lossSentence(lost: readonly LostRange[]): string | null {
  if (lost.length === 0) return null
  const ranges = lost.map(({ timeline, from, to }) => `from ${from} to ${to} on timeline ${timeline}`)
  return `Recovery to any point ${ranges.join(', and ')} will be impossible.`
}

function sum(values: readonly (number | null)[]): number {
  return values.reduce<number>((total, value) => total + (value ?? 0), 0)
}
