import { setTimeout as delay } from 'node:timers/promises'
import type { RecoveredCopy } from '../../../clients/agent/recovered-copy.ts'
import type { Backup } from '../../../domain/backup/backup.ts'
import { byLocation } from '../../../domain/backup/tablespace.ts'
import { NotFoundError } from '../../../domain/errors.ts'
import { LogLevel } from '../../../domain/operation/operation-events.ts'
import type { RecoveryRecord } from '../../../domain/recovery/recovery.ts'
import type { StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { RestoreFailedError } from '../recovery-errors.ts'
import type { AnyRecoveryInput } from '../recovery-inputs.ts'
import { tablespacesNow } from '../recovery-verdict.ts'
import type { RecoveryState } from './recovery-state.ts'

type Context = StepContext<AnyRecoveryInput, RecoveryState>

const POLL_MS = 500
const KEPT_LINES = 5

export function restoreRunId(recovery: string): string {
  return `${recovery}-restore`
}

/** Copies the base backup to its place with a detached `barman restore`, and counts what has arrived there. */
export const restoreBackup: Step<AnyRecoveryInput, RecoveryState> = {
  name: 'restore-backup',
  title: 'Restore the base backup',
  weight: 3,
  // The run is found under its id, whatever has become of it.
  isDone: async () => StepOutcome.NOT_DONE,

  async run(context) {
    const record = await context.recoveries.get(context.operation.id)
    const { runs } = context.clients.barman(record.server)
    const backup = await readBackup(context, record)
    const copy = context.clients.recoveredCopy(record.service, record.directory)
    const id = restoreRunId(record.id)
    // What a lost run has left is incomplete, and what is missing is unknown.
    if ((await runs.status(id)).state === 'LOST') await copy.remove()
    await copy.prepare(byLocation(backup.tablespaces, tablespacesNow(context.cluster())))
    const startedAt = await startOf(context, 'restoreStartedAt', 'Restoring')
    const lines: string[] = []
    const watched = new AbortController()
    const progress = watchBytes(context, copy, backup, AbortSignal.any([context.signal, watched.signal]))
    let exitCode: number | null
    try {
      const tell = (line: string) => {
        lines.push(line)
        context.log(line, LogLevel.INFO)
      }
      exitCode = await runs.runToItsEnd(
        { id, argv: restoreCommand(context, record, copy, backup) },
        tell,
        context.signal,
      )
    } finally {
      watched.abort()
      await progress
    }
    if (exitCode !== 0) throw new RestoreFailedError(record.backupId, exitCode, lines.slice(-KEPT_LINES))
    const restoreSeconds = (context.now().getTime() - startedAt) / 1000
    await context.recoveries.change(record.id, { restoreSeconds })
    return undefined
  },
}

/** When a part of it began, also for a worker that takes over: milliseconds. */
export async function startOf(
  context: Context,
  name: 'restoreStartedAt' | 'replayStartedAt' | 'verifyStartedAt',
  message: string,
): Promise<number> {
  const kept = context.state()[name]
  if (kept !== undefined) return kept
  const now = context.now().getTime()
  await context.keep({ [name]: now }, message)
  return now
}

function restoreCommand(context: Context, record: RecoveryRecord, copy: RecoveredCopy, backup: Backup): string[] {
  const { server, backupId, node } = record
  const host = context.layout.nodes.find(({ name }) => name === node)?.host
  const remote = host === undefined ? [] : ['--remote-ssh-command', `ssh postgres@${host}`]
  const places = backup.tablespaces.map(({ oid, name }) => `--tablespace=${name}:${copy.placeOf(oid)}`)
  const settled = ['howdah-settle-backup', server, backupId]
  // WAL comes as it is replayed; without it Barman would copy all that there is up to the target first.
  return [...settled, 'barman', 'restore', '--get-wal', ...remote, ...places, server, backupId, copy.directory]
}

/**
 * Asked of Barman itself: a worker that has just taken over may not have seen its backups yet, and a tablespace without a place of its
 * own would be restored into that of the running cluster.
 */
async function readBackup(context: Context, { server, backupId }: RecoveryRecord): Promise<Backup> {
  const backup = await context.clients.barman(server).showBackup(backupId)
  if (backup !== null) return backup
  throw new NotFoundError(`Barman has no backup ${backupId} any more`, {
    remedy: 'The leftover was removed. Recover from another backup.',
  })
}

/** A look that fails is made up for by the next. */
async function watchBytes(context: Context, copy: RecoveredCopy, backup: Backup, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const { usedBytes } = await copy.space()
      context.progress({ bytesDone: usedBytes, bytesTotal: backup.clusterSizeBytes, message: 'restoring' })
    } catch {
      // The container may be away for a moment; the restore's own end shows whether it mattered.
    }
    await delay(POLL_MS, undefined, { signal }).catch(() => {})
  }
}
