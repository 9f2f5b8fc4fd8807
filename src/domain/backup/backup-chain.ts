import type { Backup } from './backup.ts'

/** What a restore of the backup reads: the full backup first, then each incremental up to it. */
export function chainOf(backup: Backup, backups: readonly Backup[]): Backup[] {
  const parent = backups.find(({ backupId }) => backupId === backup.parentBackupId)
  return parent === undefined ? [backup] : [...chainOf(parent, backups), backup]
}
