import { type Backup, RetentionStatus } from '../backup/backup.ts'
import { type Refusal, refuse } from '../refusal.ts'

/** Why a whole base backup is not restored as things stand, and what changes that; null where nothing stands in the way. */
export function blockOf(backup: Backup): Refusal | null {
  const { backupId, retentionStatus, tablespaces } = backup
  if (retentionStatus === RetentionStatus.OBSOLETE) {
    const message = `backup ${backupId} is OBSOLETE: Barman may remove it, and its WAL, while it is being restored`
    const remedy = `Keep it first: keepBackup(input: {backupId: "${backupId}", target: FULL}), or name another one.`
    return refuse('BACKUP_OBSOLETE', message, remedy, 'backup')
  }
  // Barman is told places as NAME:PLACE, and takes the name up to the first colon: the wrong tablespace would be put there.
  const misread = tablespaces.find(({ name }) => name.includes(':'))?.name
  if (misread === undefined) return null
  const quoted = `"${misread.replaceAll('"', '""')}"`
  const message = `backup ${backupId} has tablespace "${misread}", whose name Barman takes for another one`
  const remedy = `ALTER TABLESPACE ${quoted} RENAME TO ... without a colon; then createBackup(input: {type: FULL}). For a target before that: a backup from before it was made.`
  return refuse('TABLESPACE_NAME', message, remedy)
}
