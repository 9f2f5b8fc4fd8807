import { BackupType } from '../../../domain/backup/backup.ts'
import { SnapshotPart } from '../../../domain/cluster/snapshot-part.ts'
import { type Refusal, refuse } from '../../../domain/refusal.ts'
import { exclusive, resources, shared } from '../../claims.ts'
import type { PlanContext } from '../../context.ts'
import { defineOperation } from '../../define-operation.ts'
import { serverName } from '../find-server.ts'
import { checkBackupCopied, checkBackupKnown, findBackup } from '../one-backup.ts'
import { KeepBackupInput } from './keep-backup-input.ts'
import { setKeep } from './set-keep.ts'

export default defineOperation({
  name: 'keepBackup',
  title: 'Keep a base backup',
  description:
    'Keeps a full backup whatever the retention policy says, until it is released. Replaces `barman keep --target`.',
  input: KeepBackupInput,
  claims: (context) => [
    shared(resources.backups(serverName(context))),
    exclusive(resources.keep(serverName(context), context.input.backupId)),
  ],
  fenced: false,
  destructive: false,
  check: (context) => [...checkBackupKnown(context), ...checkBackupCopied(context), ...checkFull(context)],
  plan: (context) => ({
    summary: `Keeps backup ${context.input.backupId} of ${serverName(context)} (${context.input.target})`,
    checks: [],
    downtimeSeconds: 0,
    dataLoss: null,
  }),
  changes: [SnapshotPart.BACKUPS],
  steps: [
    setKeep(
      { name: 'keep-backup', title: 'Keep the backup', usualSeconds: 2 },
      ({ target }: KeepBackupInput) => target,
    ),
  ],
  result: (context) => ({ type: 'Backup', scope: serverName(context), name: context.input.backupId }),
})

function checkFull(context: PlanContext<KeepBackupInput>): Refusal[] {
  const backup = findBackup(context)
  if (backup?.type !== BackupType.INCREMENTAL) return []
  return [
    refuse(
      'BACKUP_IS_INCREMENTAL',
      `backup ${backup.backupId} is incremental, and Barman keeps only full ones`,
      `Keep the full backup that it builds on, with target FULL: then those that build on it stay valid as well.`,
      'backupId',
    ),
  ]
}
