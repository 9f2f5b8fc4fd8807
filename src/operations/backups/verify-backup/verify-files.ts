import type { DetachedRuns } from '../../../clients/agent/detached-runs.ts'
import type { BarmanPaths } from '../../../clients/barman/barman-commands.ts'
import type { Backup } from '../../../domain/backup/backup.ts'
import { type Check, CheckStatus } from '../../../domain/check.ts'
import { LogLevel } from '../../../domain/operation/operation-events.ts'
import type { StepContext } from '../../context.ts'
import { VerificationBrokenError } from '../backup-errors.ts'
import type { BackupInput } from '../backup-inputs.ts'
import { serverName } from '../find-server.ts'

type Context = StepContext<BackupInput>

const PROGRESS = /^\s*(\d+)\/(\d+) kB \(\s*\d+%\) verified/
const FAULT = /^pg_verifybackup: error: (.+)$/
/**
 * What pg_verifybackup says of a backup that is not what its manifest says. Anything else that it calls an error kept it from
 * looking: a file that cannot be opened, a link to a tablespace that leads nowhere. Its exit code is 1 for both.
 */
const VERDICTS = [
  /^".+" is present (?:in the manifest but not on disk|on disk but not in the manifest)$/,
  /^".+" has size \d+ on disk but size \d+ in the manifest$/,
  /^checksum mismatch for file ".+"$/,
  /^file ".+" has checksum of length \d+, but expected \d+$/,
  /^file ".+" should contain \d+ bytes, but read \d+ bytes?$/,
  /^".+" is not a file or directory$/,
  /: CRC is incorrect$/,
  /: unexpected control file version$/,
  /^manifest system identifier is \d+, but control file has \d+$/,
  // The manifest itself is one of the backup's files.
  /^manifest checksum mismatch$/,
  /^could not parse backup manifest: /,
]
/** Barman's own manifests, for backups that came without one, leave tablespaces out. */
const NOT_COVERED = /^"pg_tblspc\/.+" is present on disk but not in the manifest$/
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
  const directory = `${paths.base}/${backupId}/data`
  const program = paths.programs === null ? 'pg_verifybackup' : `${paths.programs}/pg_verifybackup`
  const errors: string[] = []
  // Its WAL is in the archive and not in pg_wal: it is looked for there.
  const exitCode = await runs(context).runToItsEnd(
    { id: runId(context, backupId), argv: ['env', 'LC_ALL=C', program, '-n', '-P', directory] },
    (line) => {
      const read = PROGRESS.exec(line)?.[1]
      if (read !== undefined) onBytes(Number(read) * 1024)
      const fault = FAULT.exec(line)?.[1]
      if (fault !== undefined) errors.push(fault)
    },
    context.signal,
  )
  return filesCheck(backupId, exitCode, errors)
}

/** What the program's end says of the files; throws where it says nothing of them. */
export function filesCheck(backupId: string, exitCode: number | null, errors: readonly string[]): Check {
  const name = `files of ${backupId}`
  if (exitCode === 0) {
    return { name, status: CheckStatus.OK, message: 'as the manifest says', hint: null }
  }
  const uncovered = errors.filter((error) => NOT_COVERED.test(error))
  const faults = errors.filter((error) => !NOT_COVERED.test(error) && VERDICTS.some((verdict) => verdict.test(error)))
  if (exitCode === 1 && faults.length > 0) {
    const hint =
      'Take another, createBackup(input: {type: FULL}), and verify that (verifyBackup); then remove this one (deleteBackup).'
    return { name, status: CheckStatus.FAILED, message: few(faults), hint }
  }
  // 1 without a verdict, or anything else: it did not find damage, it did not run, or not to its end.
  if (exitCode !== 1 || uncovered.length < errors.length || errors.length === 0) {
    throw new VerificationBrokenError(backupId, exitCode, errors)
  }
  return {
    name,
    status: CheckStatus.UNKNOWN,
    message: `not checked: the manifest does not name ${uncovered.length} file(s) of tablespaces: ${few(uncovered)}`,
    hint: 'A backup that pg_basebackup makes comes with a manifest of everything: createBackup(input: {type: FULL}).',
  }
}

function few(faults: readonly string[]): string {
  const named = faults.slice(0, NAMED_FAULTS).join('; ')
  return faults.length > NAMED_FAULTS ? `${named}; and ${faults.length - NAMED_FAULTS} more` : named
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
  const run = { id: manifestRunId(context, backupId), argv }
  const exitCode = await runs(context).runToItsEnd(run, (line) => lines.push(line), context.signal)
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
