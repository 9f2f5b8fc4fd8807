import { type Backup, type Check, CheckStatus } from '../../domain/backup.ts'
import { LogLevel } from '../../domain/operation-events.ts'
import type { BarmanPaths, DetachedRuns } from '../clients/barman-commands.ts'
import type { StepContext } from '../context.ts'
import { VerificationBrokenError } from './backup-errors.ts'
import { serverName } from './backup-server.ts'
import type { OneBackupRequest } from './one-backup.ts'
import { runToItsEnd } from './run-to-its-end.ts'

type Context = StepContext<OneBackupRequest>

const PROGRESS = /^\s*(\d+)\/(\d+) kB \(\s*\d+%\) verified/
const FAULT = /^pg_verifybackup: error: (.+)$/
const KEPT_LINES = 5
const NAMED_FAULTS = 50

/** One backup's files against its manifest, with a detached pg_verifybackup; calls back with the bytes read so far. */
export async function verifyFiles(
  context: Context,
  backup: Backup,
  paths: BarmanPaths,
  onBytes: (bytes: number) => void,
): Promise<Check> {
  const { backupId } = backup
  const name = `files of ${backupId}`
  const directory = `${paths.base}/${backupId}/data`
  const program = paths.programs === null ? 'pg_verifybackup' : `${paths.programs}/pg_verifybackup`
  const faults: string[] = []
  // Its WAL is in the archive and not in pg_wal: it is looked for there.
  const exitCode = await runToItsEnd(
    runs(context),
    context.signal,
    runId(context, backupId),
    [program, '-n', '-P', directory],
    (line) => {
      const read = PROGRESS.exec(line)?.[1]
      if (read !== undefined) onBytes(Number(read) * 1024)
      const fault = FAULT.exec(line)?.[1]
      if (fault !== undefined) faults.push(fault)
    },
  )
  if (exitCode === 0) {
    return { name, status: CheckStatus.OK, message: 'as the manifest says', hint: null }
  }
  // 1 without a fault, or anything else: it did not find damage, it did not run.
  if (exitCode !== 1 || faults.length === 0) throw new VerificationBrokenError(backupId, exitCode, faults)
  const named = faults.slice(0, NAMED_FAULTS).join('; ')
  return {
    name,
    status: CheckStatus.FAILED,
    message: faults.length > NAMED_FAULTS ? `${named}; and ${faults.length - NAMED_FAULTS} more` : named,
    hint: 'Take a FULL backup and verify that; then remove this one with deleteBackup.',
  }
}

/** Makes the manifest of a backup that has none: such as those that were not made with pg_basebackup. */
export async function ensureManifest(context: Context, backup: Backup, paths: BarmanPaths): Promise<void> {
  const { backupId } = backup
  const files = await barman(context).listFiles([`${paths.base}/${backupId}/data`])
  if (files.includes('backup_manifest')) return
  context.log(
    `Backup ${backupId} has no manifest: one is made of what is there now, so damage is known from now on only`,
    LogLevel.WARNING,
  )
  const lines: string[] = []
  const argv = ['barman', 'generate-manifest', serverName(context), backupId]
  const exitCode = await runToItsEnd(runs(context), context.signal, manifestRunId(context, backupId), argv, (line) => {
    lines.push(line)
  })
  if (exitCode !== 0) throw new VerificationBrokenError(backupId, exitCode, lines.slice(-KEPT_LINES))
}

/** Ends and forgets every run that verifying these backups may have begun. */
export async function removeRuns(context: Context, backupIds: readonly string[]): Promise<void> {
  for (const backupId of backupIds) {
    for (const id of [manifestRunId(context, backupId), runId(context, backupId)]) {
      await runs(context).stop(id, 1)
      await runs(context).remove(id)
    }
  }
}

function runId(context: Context, backupId: string): string {
  return `${context.operation.id}-${backupId}`
}

function manifestRunId(context: Context, backupId: string): string {
  return `${runId(context, backupId)}-manifest`
}

function runs(context: Context): DetachedRuns {
  return barman(context).runs
}

function barman(context: Context) {
  return context.clients.barman(serverName(context))
}
