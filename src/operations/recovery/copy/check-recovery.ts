import { BackupStatus, isCopied } from '../../../domain/backup/backup.ts'
import { byLocation, whyNotSwappable } from '../../../domain/backup/tablespace.ts'
import { isFuture } from '../../../domain/recovery/recoverability-reasons.ts'
import { hasEnded, RecoveryMode, type RecoveryRecord } from '../../../domain/recovery/recovery.ts'
import { type ActiveOperations, freeingCall } from '../../../domain/recovery/recovery-exits.ts'
import { parseRecoveryTarget } from '../../../domain/recovery/recovery-target.ts'
import { type Refusal, refuse } from '../../../domain/refusal.ts'
import { backupsOf, checkBackupServer, findServer } from '../../backups/find-server.ts'
import { checkLeads, checkNode } from '../../nodes/check-node.ts'
import { TABLESPACE_REMEDY } from '../recovery-errors.ts'
import {
  bytesNeeded,
  damagedOf,
  judge,
  nodeOfRecovery,
  type RecoveryContext,
  tablespacesNow,
  volumeOf,
} from '../recovery-verdict.ts'

const MAX_SQL = 10_000

/** What speaks against a recovery, before anything is touched. */
export function checkRecovery(
  context: RecoveryContext & { readonly recoveries: readonly RecoveryRecord[]; readonly active: ActiveOperations },
  mode: RecoveryMode,
): Refusal[] {
  return [
    ...checkTarget(context),
    ...checkAssertions(context),
    ...checkOthers(context, mode),
    ...(mode === RecoveryMode.IN_PLACE ? [...checkPlace(context), ...checkTablespaces(context)] : []),
  ]
}

/** That the target can be reached now, from a backup that is whole, with the disk that is there. */
export function checkTarget(context: RecoveryContext): Refusal[] {
  const server = checkBackupServer(context)
  if (server.length > 0) return server
  const { target, problem } = parseRecoveryTarget(context.input.target ?? {})
  if (target === null) return [refuse('BAD_TARGET', problem.message, problem.remedy, 'target')]
  const backup = checkBackup(context)
  if (backup.length > 0) return backup
  const verdict = judge(context, target)
  if (verdict === null) return [walUnknown()]
  if (verdict.blockedBy !== null) return [verdict.blockedBy]
  if (!verdict.recoverable) {
    const [why = 'the target cannot be reached', ...nearest] = verdict.reasons
    const code = isFuture(target, context.now) ? 'TARGET_IN_FUTURE' : 'TARGET_NOT_RECOVERABLE'
    return [refuse(code, why, nearest.join(' ') || 'See backupServer.recoveryWindows.', 'target')]
  }
  return []
}

export function walUnknown(): Refusal {
  return refuse(
    'WAL_UNKNOWN',
    'the WAL archive cannot be read',
    'Look at the barman service, then ask again.',
    'server',
  )
}

/** Those of the backup, and those that the cluster has now, which may have come in the WAL that is replayed. */
function checkTablespaces(context: RecoveryContext): Refusal[] {
  const { target } = parseRecoveryTarget(context.input.target ?? {})
  const verdict = target === null ? null : judge(context, target)
  const volume = volumeOf(context.layout, nodeOfRecovery(context))
  if (volume === null) return []
  return byLocation(verdict?.backup?.tablespaces ?? [], tablespacesNow(context.cluster)).flatMap(
    ({ name, location }) => {
      const why = whyNotSwappable(location, volume)
      const message = `tablespace "${name}" cannot be recovered in place: ${why}`
      return why === null ? [] : [refuse('TABLESPACE_MISPLACED', message, TABLESPACE_REMEDY)]
    },
  )
}

function checkBackup(context: RecoveryContext): Refusal[] {
  const { backup: id } = context.input
  if (id == null || id === 'latest') return []
  const backup = backupsOf(context).find(({ backupId }) => backupId === id)
  const remedy = 'Name one of backupServer.backups that is DONE, or leave it out.'
  if (backup === undefined) return [refuse('UNKNOWN_BACKUP', `there is no backup ${id}`, remedy, 'backup')]
  if (!isCopied(backup.status)) {
    const code = backup.status === BackupStatus.FAILED ? 'BACKUP_FAILED' : 'BACKUP_NOT_COMPLETE'
    return [refuse(code, `backup ${id} is ${backup.status}`, remedy, 'backup')]
  }
  const damage = damagedOf(context).get(id)
  if (damage === undefined) return []
  const message = `backup ${id}, or one that it builds on, failed its verification of ${damage.at.toISOString()}: ${damage.message ?? 'no message'}`
  const otherwise = `Name another one, or leave it out. If what was wrong was fixed, verify it again: verifyBackup(input: {backupId: "${id}"}).`
  return [refuse('BACKUP_CORRUPT', message, otherwise, 'backup')]
}

function checkAssertions({ input }: RecoveryContext): Refusal[] {
  const wrong = (input.assertions ?? []).find(({ sql }) => sql.trim() === '' || sql.length > MAX_SQL)
  if (wrong === undefined) return []
  return [
    refuse('BAD_ASSERTION', `an assertion has 1 to ${MAX_SQL} characters of SQL`, 'Write one query.', 'assertions'),
  ]
}

function checkOthers(
  { recoveries, active }: { readonly recoveries: readonly RecoveryRecord[]; readonly active: ActiveOperations },
  mode: RecoveryMode,
): Refusal[] {
  const other = recoveries.find((each) => each.mode === mode && !hasEnded(each))
  if (other === undefined) return []
  const what = mode === RecoveryMode.REHEARSAL ? 'a rehearsal' : 'an in-place recovery'
  const remedy = `Look at it, then free its place: ${freeingCall(other, active)}.`
  return [refuse('RECOVERY_EXISTS', `${what} is there already: ${other.id} is ${other.status}`, remedy)]
}

function checkPlace(context: RecoveryContext): Refusal[] {
  const leads = checkLeads(context.cluster)
  const node = nodeOfRecovery(context)
  return leads.length > 0 || node === null ? leads : checkNode(context.cluster, node)
}

/** For a rehearsal, whose disk the snapshot knows; a node's is asked for by the first step. */
export function checkRehearsalDisk(context: RecoveryContext): Refusal[] {
  const { target } = parseRecoveryTarget(context.input.target ?? {})
  const verdict = target === null ? null : judge(context, target)
  const needed = verdict === null ? null : bytesNeeded(verdict)
  const free = findServer(context.cluster, context)?.disk.value?.freeBytes ?? null
  return needed === null || free === null ? [] : checkSpace(needed, free, 'the barman service')
}

export function checkSpace(needed: number, free: number, where: string): Refusal[] {
  if (free >= needed) return []
  const message = `the copy takes about ${needed} bytes, and ${where} has ${free} bytes free`
  return [refuse('NOT_ENOUGH_DISK', message, 'Free disk there, discard another recovery, or choose another node.')]
}
