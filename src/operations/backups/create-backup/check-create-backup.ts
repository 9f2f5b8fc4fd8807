import { BackupStatus, BackupType, isCopied } from '../../../domain/backup/backup.ts'
import type { BackupServerSnapshot } from '../../../domain/backup/backup-server.ts'
import { type Check, CheckStatus } from '../../../domain/check.ts'
import type { ClusterSnapshot } from '../../../domain/cluster/cluster.ts'
import { databaseBytes } from '../../../domain/cluster/database-bytes.ts'
import { type Refusal, refuse } from '../../../domain/refusal.ts'
import type { PlanContext } from '../../context.ts'
import { checkServerKnown, checkServerReadable, findServer } from '../find-server.ts'
import type { CreateBackupInput } from './create-backup-input.ts'
import { diskCheck, findParent } from './find-parent.ts'

type Context = PlanContext<CreateBackupInput>

/** What speaks against a base backup now. */
export function checkCreateBackup(context: Context): Refusal[] {
  const server = findServer(context.cluster, context)
  if (server === undefined) return checkServerKnown(context)
  return [
    ...checkServer(server),
    ...checkLeader(context.cluster),
    ...checkRunning(server, context.cluster),
    ...checkDisk(context, server),
    ...checkParent(context, server),
    ...checkName(context, server),
  ]
}

function checkServer(server: BackupServerSnapshot): Refusal[] {
  const refusals = checkServerReadable(server)
  if (server.configuration.value?.active === false) {
    refusals.push(
      refuse(
        'BACKUP_SERVER_INACTIVE',
        `backup server ${server.name} is not active`,
        'Set active = true in configs/barman.d and restart the barman service.',
        'server',
      ),
    )
  }
  if (server.wal.value !== null && server.wal.value.segmentCount === 0) {
    refusals.push(
      refuse(
        'NO_WAL_ARCHIVED',
        `no WAL of ${server.name} has reached the archive yet, so no backup of it could be restored`,
        `Archive the first segment with switchWal(input: {force: true}); on a fresh stack it arrives by itself within a minute.`,
        'server',
      ),
    )
  }
  const failing = (server.checks.value ?? []).filter(
    (check) => check.status === CheckStatus.FAILED && !fixedByBackup(check),
  )
  if (failing.length > 0) {
    const named = failing.map((check) => `${check.name}${check.message ? ` (${check.message})` : ''}`).join(', ')
    const hints = failing.flatMap((check) => check.hint ?? [])
    refusals.push(
      refuse(
        'CHECKS_FAILING',
        `Barman's checks of ${server.name} fail: ${named}`,
        hints.join(' ') || 'See backupServer.checks.',
        'server',
      ),
    )
  }
  return refusals
}

/** A check that fails for want of backups is no reason not to make one. */
function fixedByBackup(check: Check): boolean {
  return /minimum redundancy|backup maximum age|backup minimum size|failed backups/i.test(check.name)
}

function checkLeader(cluster: ClusterSnapshot): Refusal[] {
  if (cluster.topology.value === null || cluster.topology.value.leader !== null) return []
  return [
    refuse(
      'NO_LEADER',
      `cluster ${cluster.name} has no leader to copy from`,
      'See cluster.health for what to do.',
      null,
    ),
  ]
}

function checkRunning(server: BackupServerSnapshot, cluster: ClusterSnapshot): Refusal[] {
  const running = (server.backups.value ?? []).find(
    (backup) => backup.status === BackupStatus.STARTED || backup.status === BackupStatus.EMPTY,
  )
  if (running === undefined) return []
  return [
    refuse(
      'BACKUP_RUNNING',
      `backup ${running.backupId} of ${server.name} is being made`,
      `Wait for it. If no process makes it, it was left by a crash: deleteBackup(input: {backupId: "${running.backupId}", abandoned: true, confirm: "${cluster.name}"}) removes it.`,
      'server',
    ),
  ]
}

function checkDisk(context: Context, server: BackupServerSnapshot): Refusal[] {
  const check = diskCheck(databaseBytes(context.cluster), server)
  // How much an incremental backup takes is not known before it is made: it is never more than the whole.
  if (check.status !== CheckStatus.FAILED || context.input.type === BackupType.INCREMENTAL) return []
  return [refuse('NOT_ENOUGH_DISK', check.message ?? 'not enough disk', check.hint, 'server')]
}

function checkParent(context: Context, server: BackupServerSnapshot): Refusal[] {
  const { type, parent } = context.input
  if (type !== BackupType.INCREMENTAL) {
    if (parent === undefined || parent === null) return []
    return [
      refuse('BAD_PARENT', 'a FULL backup has no parent', 'Leave parent out, or ask for an INCREMENTAL.', 'parent'),
    ]
  }
  const found = findParent(parent, server.backups.value ?? [])
  if (found === null) {
    const message =
      parent && parent !== 'latest'
        ? `there is no backup ${parent} of ${server.name}`
        : `${server.name} has no complete backup to build on`
    return [refuse('BAD_PARENT', message, 'Take a FULL backup first, or name one of backupServer.backups.', 'parent')]
  }
  const faults = [
    ...(isCopied(found.status) ? [] : [`it is ${found.status}`]),
    ...(found.method === 'postgres' ? [] : [`its method is ${found.method}, and only postgres can be built on`]),
    ...(found.compression === null ? [] : [`it is compressed (${found.compression})`]),
    ...(configuration(context.cluster)['summarize_wal'] === 'off' ? ['summarize_wal is off'] : []),
  ]
  if (faults.length === 0) return []
  return [
    refuse(
      'BAD_PARENT',
      `nothing can be built on backup ${found.backupId}: ${faults.join('; ')}`,
      'Name another parent, or take a FULL backup.',
      'parent',
    ),
  ]
}

function checkName(context: Context, server: BackupServerSnapshot): Refusal[] {
  const { name } = context.input
  const taken = name ? (server.backups.value ?? []).find((backup) => backup.name === name) : undefined
  if (taken === undefined) return []
  return [refuse('NAME_TAKEN', `backup ${taken.backupId} is already named "${name}"`, 'Choose another name.', 'name')]
}

function configuration(cluster: ClusterSnapshot): Record<string, unknown> {
  const postgresql = cluster.topology.value?.configuration['postgresql']
  const parameters = isRecord(postgresql) ? postgresql['parameters'] : null
  return isRecord(parameters) ? parameters : {}
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
