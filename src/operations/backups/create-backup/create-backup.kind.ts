import { SnapshotPart } from '../../../domain/cluster/snapshot-part.ts'
import { exclusive, resources, shared } from '../../claims.ts'
import { defineOperation } from '../../define-operation.ts'
import { serverName } from '../find-server.ts'
import { checkCreateBackup } from './check-create-backup.ts'
import { CreateBackupInput } from './create-backup-input.ts'
import { createBackupState } from './create-backup-state.ts'
import { planCreateBackup } from './plan-create-backup.ts'
import { takeBackup } from './take-backup.ts'
import { waitForWals } from './wait-for-wals.ts'

export default defineOperation({
  name: 'createBackup',
  title: 'Create a base backup',
  description:
    'Takes a base backup with Barman while the cluster serves. Progress in bytes, from pg_stat_progress_basebackup on the leader. Replaces `barman backup`.',
  input: CreateBackupInput,
  state: createBackupState,
  claims: (context) => [
    exclusive(resources.backupRun(serverName(context))),
    shared(resources.backups(serverName(context))),
    shared(resources.leader),
  ],
  // Nothing in it does harm, and a backup is wanted most while etcd is ill.
  fenced: false,
  destructive: false,
  check: checkCreateBackup,
  plan: planCreateBackup,
  changes: [SnapshotPart.BACKUPS, SnapshotPart.WAL],
  steps: [takeBackup, waitForWals],
  result: (context) => {
    const { backupId } = context.state()
    return backupId !== undefined ? { type: 'Backup', scope: serverName(context), name: backupId } : null
  },
})
