import { type Backup, isCopied } from '../../domain/backup/backup.ts'
import type { ClusterSnapshot } from '../../domain/cluster/cluster.ts'
import type { ClusterLayout } from '../../domain/cluster/cluster-layout.ts'
import { type Refusal, refuse } from '../../domain/refusal.ts'
import type { BackupInput } from './backup-inputs.ts'
import { backupsOf, checkBackupServer, serverName } from './find-server.ts'

interface Context {
  readonly input: BackupInput
  readonly layout: ClusterLayout
  readonly cluster: ClusterSnapshot
}

/** As the snapshot has it. */
export function findBackup(context: Context): Backup | undefined {
  return backupsOf(context).find(({ backupId }) => backupId === context.input.backupId)
}

/** That the server and the backup are there; what else is wrong with either is not looked at before. */
export function checkBackupKnown(context: Context): Refusal[] {
  const refusals = checkBackupServer(context)
  if (refusals.length > 0) return refusals
  if (findBackup(context) !== undefined) return []
  const message = `${serverName(context)} has no backup ${context.input.backupId}`
  return [refuse('UNKNOWN_BACKUP', message, 'Name one of backupServer.backups.', 'backupId')]
}

/** Whether all its files were copied. */
export function checkBackupCopied(context: Context): Refusal[] {
  const backup = findBackup(context)
  if (backup === undefined || isCopied(backup.status)) return []
  return [
    refuse(
      'BACKUP_NOT_COMPLETE',
      `backup ${backup.backupId} is ${backup.status}${backup.error === null ? '' : ` (${backup.error})`}`,
      'Name one that is DONE.',
      'backupId',
    ),
  ]
}
