import { setTimeout as delay } from 'node:timers/promises'
import { type Backup, BackupType, isCopied } from '../../../domain/backup/backup.ts'
import { LogLevel } from '../../../domain/operation/operation-events.ts'
import type { StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { BackupFailedError } from '../backup-errors.ts'
import { serverName } from '../find-server.ts'
import type { CreateBackupInput } from './create-backup-input.ts'
import type { CreateBackupState } from './create-backup-state.ts'
import { findParent } from './find-parent.ts'

type Context = StepContext<CreateBackupInput, CreateBackupState>

const POLL_MS = 200
const STOP_GRACE_SECONDS = 2
const KEPT_LINES = 5

/**
 * Runs `barman backup` detached, under the operation's id, and watches it: a worker that takes over finds the same run
 * and goes on watching. Only a run that has ended without a backup is begun again.
 */
export const takeBackup: Step<CreateBackupInput, CreateBackupState> = {
  name: 'take-backup',
  title: 'Take the base backup',
  weight: 9,

  async isDone(context) {
    // The first attempt has begun nothing that it could find.
    if (context.operation.attempt === 1) return StepOutcome.NOT_DONE
    const run = await runs(context).status(context.operation.id)
    if (run.state === 'RUNNING' || run.state === 'UNKNOWN') return StepOutcome.NOT_DONE
    const status = run.backupId === null ? null : await barman(context).backupStatus(run.backupId)
    if (run.backupId !== null && isCopied(status)) {
      await context.keep({ backupId: run.backupId }, `Backup ${run.backupId} is there`)
      return StepOutcome.DONE
    }
    // The run has ended, or was lost with its container, and has left at most a partial backup.
    await removeRun(context)
    return StepOutcome.NOT_DONE
  },

  async run(context) {
    const id = context.operation.id
    await runs(context).start({ id, argv: backupCommand(context) })
    const lines: string[] = []
    const watched = new AbortController()
    const progress = watchProgress(context, AbortSignal.any([context.signal, watched.signal]))
    try {
      await runs(context).follow(
        id,
        followedBytes(context),
        (line, outputBytes) => {
          lines.push(line)
          context.log(line, LogLevel.INFO, { outputBytes })
        },
        context.signal,
      )
    } finally {
      watched.abort()
      await progress
    }
    context.signal.throwIfAborted()

    const ended = await runs(context).status(id)
    if (ended.exitCode !== 0 || ended.backupId === null)
      throw new BackupFailedError(ended.exitCode, lines.slice(-KEPT_LINES))
    return { backupId: ended.backupId }
  },

  undo: removeRun,
}

function backupCommand(context: Context): string[] {
  const { input } = context
  const name = input.name ? ['--name', input.name] : []
  return ['barman', 'backup', ...name, ...parentArguments(context), serverName(context)]
}

function parentArguments(context: Context): string[] {
  if (context.input.type !== BackupType.INCREMENTAL) return []
  const parent = findParent(context.input.parent, backupsOf(context))
  return ['--incremental', parent?.backupId ?? context.input.parent ?? 'latest']
}

/** What of the run's output an earlier attempt has logged already. */
function followedBytes(context: Context): number {
  return context.state().outputBytes ?? 0
}

/** Reports the leader's own count of what it has sent. A look that fails is made up for by the next. */
async function watchProgress(context: Context, signal: AbortSignal): Promise<void> {
  const full = context.input.type !== BackupType.INCREMENTAL
  let bytesTotal: number | null = null
  while (!signal.aborted) {
    try {
      // Barman's pg_basebackup does not ask the server for an estimate: the databases' size is one.
      if (full) bytesTotal ??= await context.clients.readDatabaseBytes()
      const [sent] = await context.clients.readBaseBackupProgress()
      if (sent !== undefined) {
        context.progress({
          bytesDone: sent.bytesStreamed,
          bytesTotal: sent.bytesTotal ?? bytesTotal,
          message: sent.phase,
        })
      }
    } catch {
      // The leader may be away for a moment; the backup's own end shows whether it mattered.
    }
    await delay(POLL_MS, undefined, { signal }).catch(() => {})
  }
}

/** Ends the run, whichever worker started it, and removes its remains.  A complete backup is never removed. */
async function removeRun(context: Context): Promise<void> {
  const id = context.operation.id
  const { backupId } = await runs(context).stop(id, STOP_GRACE_SECONDS)
  if (backupId !== null) {
    const status = await barman(context).backupStatus(backupId)
    if (isCopied(status)) {
      context.log(`Backup ${backupId} is complete and was kept`)
    } else if (status !== null) {
      await barman(context).deleteBackup(backupId)
      context.log(`Removed the partial backup ${backupId}`)
    }
  }
  await runs(context).remove(id)
}

function barman(context: Context) {
  return context.clients.barman(serverName(context))
}

function runs(context: Context) {
  return barman(context).runs
}

function backupsOf(context: Context): readonly Backup[] {
  const server = context.cluster().backupServers.find(({ name }) => name === serverName(context))
  return server?.backups.value ?? []
}
