import { type Backup, RetentionStatus } from '../../../domain/backup/backup.ts'
import { mebibytes } from '../../../domain/bytes.ts'
import { type Check, CheckStatus } from '../../../domain/check.ts'
import { HowdahError, UnreachableError } from '../../../domain/errors.ts'
import type { OperationPlan } from '../../../domain/operation/operation.ts'
import { LogLevel } from '../../../domain/operation/operation-events.ts'
import type { StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import type { BackupServerInput } from '../backup-inputs.ts'
import { backupsOf, findServer, serverName } from '../find-server.ts'
import { deletionEffects, scopeOfDeletion, treeOf } from './deletion.ts'
import { recoveriesInNeed } from './recoveries-in-need.ts'
import { runDeletion } from './run-deletion.ts'

/** What the plan shows of each backup that would go. */
export function obsoleteCheck({ backupId, type, sizeBytes, walBytes }: Backup): Check {
  const message = `${type}, ${mebibytes(sizeBytes ?? 0)}, and ${mebibytes(walBytes ?? 0)} of WAL up to the next backup`
  return { name: `obsolete backup ${backupId}`, status: CheckStatus.OK, message, hint: null }
}

/** Newest first: an incremental is always newer than what it builds on, and has to go before it. */
export function plannedBackups({ scope }: Pick<OperationPlan, 'scope'>): string[] {
  return [...scope.backups].sort().reverse()
}

export function isObsolete({ retentionStatus }: Pick<Backup, 'retentionStatus'>): boolean {
  return retentionStatus === RetentionStatus.OBSOLETE
}

/** Deletes the planned backups one by one; what has become kept or valid meanwhile is left alone. */
export const removeObsolete: Step<BackupServerInput> = {
  name: 'remove-obsolete',
  title: 'Delete the obsolete backups',
  irreversible: true,

  /** Never more than was planned: what has become obsolete meanwhile waits for the next time. */
  async scope(context) {
    const name = serverName(context)
    await Promise.all([context.clients.refreshBackups(name), context.clients.refreshWal(name)])
    const cluster = context.cluster()
    const server = findServer(cluster, context)
    const planned = plannedBackups(context.operation.plan)
    const doomed = backupsOf({ ...context, cluster }).filter(
      (backup) => isObsolete(backup) && planned.includes(backup.backupId),
    )
    return scopeOfDeletion(doomed, server === undefined ? null : deletionEffects(cluster, server, doomed))
  },

  async isDone(context) {
    const planned = plannedBackups(context.operation.plan)
    if (planned.length === 0) return StepOutcome.DONE
    const listed = await barman(context).listBackups()
    const left = listed.some((backup) => planned.includes(backup.backupId) && isObsolete(backup))
    return left ? StepOutcome.NOT_DONE : StepOutcome.DONE
  },

  async run(context) {
    const planned = plannedBackups(context.operation.plan)
    for (const [index, backupId] of planned.entries()) {
      context.signal.throwIfAborted()
      context.progress({ percent: (index / planned.length) * 100, message: `${index} of ${planned.length} backups` })
      const backup = await lookAgain(context, backupId)
      if (backup === null) continue
      await context.checkFence()
      await remove(context, backup)
    }
    context.progress({ percent: 100, message: `${planned.length} of ${planned.length} backups` })
    await context.clients.refreshBackups(serverName(context))
    return undefined
  },
}

/** The backup if it may still go; null, with the reason in the log, when not. */
async function lookAgain(context: StepContext<BackupServerInput>, backupId: string): Promise<Backup | null> {
  const name = serverName(context)
  await context.clients.refreshBackups(name)
  const error = findServer(context.cluster(), context)?.backups.error ?? null
  if (error !== null) throw new UnreachableError(`Barman server ${name}`, error)
  const backups = backupsOf({ ...context, cluster: context.cluster() })
  const backup = backups.find((each) => each.backupId === backupId)
  if (backup === undefined) {
    context.log(`Backup ${backupId} is gone already`)
    return null
  }
  const doomed = treeOf(backup, backups)
  const ids = doomed.map((each) => each.backupId)
  const [recovery] = recoveriesInNeed(await context.recoveries.list(), name, ids)
  if (recovery !== undefined) {
    context.log(`Backup ${backupId} was left alone: recovery ${recovery.id} needs it`, LogLevel.WARNING)
    return null
  }
  const needed = doomed.find((each) => !isObsolete(each))
  if (needed === undefined) return backup
  const about = needed === backup ? 'it' : `${needed.backupId}, which builds on it,`
  context.log(`Backup ${backupId} was left alone: ${about} is ${needed.retentionStatus} by now`, LogLevel.WARNING)
  return null
}

async function remove(context: StepContext<BackupServerInput>, backup: Backup): Promise<void> {
  try {
    await runDeletion(context, backup.backupId)
  } catch (error) {
    if (!(error instanceof HowdahError) || error.code !== 'BACKUP_NOT_DELETABLE') throw error
    context.log(`Backup ${backup.backupId} was left alone: ${error.message}`, LogLevel.WARNING)
  }
}

function barman(context: StepContext<BackupServerInput>) {
  return context.clients.barman(serverName(context))
}
