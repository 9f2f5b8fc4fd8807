import { type Backup, BackupStatus, isCopied } from '../../../domain/backup/backup.ts'
import type { BackupServerSnapshot } from '../../../domain/backup/backup-server.ts'
import type { ClusterSnapshot } from '../../../domain/cluster/cluster.ts'
import type { ClusterLayout } from '../../../domain/cluster/cluster-layout.ts'
import type { RecoveryRecord } from '../../../domain/recovery/recovery.ts'
import { type ActiveOperations, freeingCall } from '../../../domain/recovery/recovery-exits.ts'
import { type Refusal, refuse } from '../../../domain/refusal.ts'
import { findServer, serverName } from '../find-server.ts'
import { checkBackupKnown, findBackup } from '../one-backup.ts'
import type { DeleteBackupInput } from './delete-backup-input.ts'
import { treeOf } from './deletion.ts'
import { recoveriesInNeed } from './recoveries-in-need.ts'

interface Context {
  readonly input: DeleteBackupInput
  readonly layout: ClusterLayout
  readonly cluster: ClusterSnapshot
  /** The cluster's. */
  readonly recoveries: readonly RecoveryRecord[]
  readonly active: ActiveOperations
}

/** What speaks against deleting a backup now; asked when it is requested, and again right before it is done. */
export function checkDeleteBackup(context: Context): Refusal[] {
  const server = findServer(context.cluster, context)
  const backup = findBackup(context)
  if (server === undefined || backup === undefined) return checkBackupKnown(context)
  const doomed = treeOf(backup, server.backups.value ?? [])
  return [
    ...checkBackupKnown(context),
    ...checkInUse(context, doomed),
    ...checkRecoveries(context, doomed),
    ...checkKept(doomed),
    ...checkChildren(context, doomed),
    ...checkRedundancy(server, doomed),
  ]
}

function checkInUse({ input, cluster }: Context, doomed: readonly Backup[]): Refusal[] {
  const busy = doomed.find(({ status }) => IN_USE.has(status))
  if (busy === undefined || input.abandoned === true) return []
  return [
    refuse(
      'BACKUP_IN_USE',
      `backup ${busy.backupId} is ${busy.status}: it is being made`,
      `Wait for it, or cancel the operation that makes it. If no process makes it: deleteBackup(input: {backupId: "${input.backupId}", abandoned: true, confirm: "${cluster.name}"}).`,
      'backupId',
    ),
  ]
}

const IN_USE: ReadonlySet<BackupStatus> = new Set([BackupStatus.STARTED, BackupStatus.EMPTY, BackupStatus.SYNCING])

function checkRecoveries(context: Context, doomed: readonly Backup[]): Refusal[] {
  const ids = doomed.map(({ backupId }) => backupId)
  return recoveriesInNeed(context.recoveries, serverName(context), ids).map((recovery) =>
    refuse(
      'BACKUP_IN_USE',
      `recovery ${recovery.id}, which is ${recovery.status}, was started from backup ${recovery.backupId}`,
      `End that recovery first: ${freeingCall(recovery, context.active)}.`,
      'backupId',
    ),
  )
}

function checkKept(doomed: readonly Backup[]): Refusal[] {
  return doomed
    .filter(({ keep }) => keep !== null)
    .map(({ backupId, keep }) =>
      refuse(
        'BACKUP_KEPT',
        `backup ${backupId} is kept (${keep})`,
        `Release it first, if it is really no longer wanted: releaseBackup(input: {backupId: "${backupId}"}).`,
        'backupId',
      ),
    )
}

function checkChildren({ input }: Context, doomed: readonly Backup[]): Refusal[] {
  const children = doomed.filter(({ backupId }) => backupId !== input.backupId).map(({ backupId }) => backupId)
  if (children.length === 0 || input.withChildren === true) return []
  return [
    refuse(
      'BACKUP_HAS_CHILDREN',
      `${children.length} incremental backup(s) build on backup ${input.backupId} and are worth nothing without it: ${children.join(', ')}`,
      'Say withChildren: true to delete them as well.',
      'withChildren',
    ),
  ]
}

/** Barman's own rule counts the backup alone and not those that go with it; here all of them count. */
function checkRedundancy(server: BackupServerSnapshot, doomed: readonly Backup[]): Refusal[] {
  const minimum = server.configuration.value?.minimumRedundancy ?? 0
  const ids = new Set(doomed.map(({ backupId }) => backupId))
  const left = (server.backups.value ?? []).filter(
    ({ backupId, status }) => status === BackupStatus.DONE && !ids.has(backupId),
  ).length
  if (left >= minimum || !doomed.some(({ status }) => isCopied(status))) return []
  return [
    refuse(
      'MINIMUM_REDUNDANCY',
      `${left} complete backup(s) would be left, and minimum_redundancy of ${server.name} is ${minimum}`,
      `Take another backup first: createBackup(input: {server: "${server.name}", type: FULL}).`,
      'backupId',
    ),
  ]
}
