import { type Backup, RetentionStatus } from '../backup/backup.ts'
import type { Refusal } from '../refusal.ts'

/** Why a whole base backup is not restored as things stand, and what changes that; null where nothing stands in the way. */
export function blockOf(backup: Backup): Refusal | null {
  const { backupId, retentionStatus, tablespaces } = backup
  if (retentionStatus === RetentionStatus.OBSOLETE) {
    return {
      code: 'BACKUP_OBSOLETE',
      message: `backup ${backupId} is OBSOLETE: Barman may remove it, and its WAL, while it is being restored`,
      remedy: `Keep it first: keepBackup(input: {backupId: "${backupId}", target: FULL}), or name another one.`,
      field: 'backup',
    }
  }
  // Barman is told places as NAME:PLACE, and takes the name up to the first colon: the wrong tablespace would be put there.
  const misread = tablespaces.find(({ name }) => name.includes(':'))?.name
  if (misread === undefined) return null
  const quoted = `"${misread.replaceAll('"', '""')}"`
  return {
    code: 'TABLESPACE_NAME',
    message: `backup ${backupId} has tablespace "${misread}", whose name Barman takes for another one`,
    remedy: `ALTER TABLESPACE ${quoted} RENAME TO ... without a colon; then createBackup(input: {type: FULL}). For a target before that: a backup from before it was made.`,
    field: null,
  }
}
