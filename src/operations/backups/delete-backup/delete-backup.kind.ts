import { mebibytes } from '../../../domain/bytes.ts'
import { SnapshotPart } from '../../../domain/cluster/snapshot-part.ts'
import { exclusive, resources } from '../../claims.ts'
import { type PlanContext, PlanRead } from '../../context.ts'
import { defineOperation } from '../../define-operation.ts'
import type { PlanDraft } from '../../plan-draft.ts'
import { findServer, serverName } from '../find-server.ts'
import { findBackup } from '../one-backup.ts'
import { checkDeleteBackup } from './check-delete-backup.ts'
import { DeleteBackupInput } from './delete-backup-input.ts'
import { deletionEffects, lossSentence, scopeOfDeletion, treeOf } from './deletion.ts'
import { removeBackup } from './remove-backup.ts'

export default defineOperation({
  name: 'deleteBackup',
  title: 'Delete a base backup',
  description:
    'Deletes a base backup, and the WAL that only it needed. Refuses kept ones, those that minimum redundancy needs, parents of incrementals without withChildren, and those in use. Replaces `barman delete`.',
  input: DeleteBackupInput,
  reads: [PlanRead.RECOVERIES],
  claims: (context) => [exclusive(resources.backups(serverName(context)))],
  fenced: true,
  destructive: true,
  check: checkDeleteBackup,
  plan: planDeletion,
  planRestsOn: [SnapshotPart.BACKUPS, SnapshotPart.WAL],
  changes: [SnapshotPart.BACKUPS, SnapshotPart.WAL],
  steps: [removeBackup],
})

function planDeletion(context: PlanContext<DeleteBackupInput>): PlanDraft {
  const { input, cluster } = context
  const server = findServer(cluster, context)
  const backup = findBackup(context)
  const doomed = server === undefined || backup === undefined ? [] : treeOf(backup, server.backups.value ?? [])
  const effects = server === undefined ? null : deletionEffects(cluster, server, doomed)
  const children = doomed.filter(({ backupId }) => backupId !== input.backupId).map(({ backupId }) => backupId)
  return {
    summary: [
      `Deletes backup ${input.backupId} of ${serverName(context)}`,
      ...(children.length === 0 ? [] : [` and what builds on it (${children.join(', ')})`]),
      ...(effects === null
        ? []
        : [`: frees about ${mebibytes(effects.backupBytes)}, and ${mebibytes(effects.walBytes)} of WAL`]),
    ].join(''),
    checks: [],
    downtimeSeconds: 0,
    dataLoss: lossSentence(effects?.lost ?? []),
    scope: scopeOfDeletion(doomed, effects),
  }
}
