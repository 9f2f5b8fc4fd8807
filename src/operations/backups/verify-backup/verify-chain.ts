import { chainOf } from '../../../domain/backup/backup-chain.ts'
import { CheckStatus } from '../../../domain/check.ts'
import { describeFaults, Verdict, verdictOf } from '../../../domain/check-verdict.ts'
import { LogLevel } from '../../../domain/operation/operation-events.ts'
import type { StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { RefusedMeanwhileError, VerificationFailedError, VerificationIncompleteError } from '../backup-errors.ts'
import type { BackupInput } from '../backup-inputs.ts'
import { backupsOf, findServer, serverName } from '../find-server.ts'
import { checkBackupKnown, findBackup } from '../one-backup.ts'
import type { KeptVerification, VerifyBackupState } from '../verifications.ts'
import { ensureManifest, removeRuns, verifyFiles } from './verify-files.ts'
import { walCheck } from './wal-check.ts'

type Context = StepContext<BackupInput, VerifyBackupState>

/** Verifies a backup with all that it builds on, and the WAL that it needs; keeps what was found before it ends. */
export const verifyBackupStep: Step<BackupInput, VerifyBackupState> = {
  name: 'verify-backup',
  title: 'Compare the backup with its manifest',

  async isDone(context) {
    const kept = context.state().verification
    if (kept === undefined) return StepOutcome.NOT_DONE
    await removeRuns(context, chainIds(context))
    throwUnlessPassed(kept)
    return StepOutcome.DONE
  },

  async run(context) {
    const { backup, chain, server } = await lookUp(context)
    await context.keep({ chain: chain.map(({ backupId }) => backupId) }, `Verifying ${chain.length} backup(s)`)
    const paths = await context.clients.barman(serverName(context)).paths()
    const bytesTotal = chain.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0)
    let bytesBefore = 0
    const checks: KeptVerification['checks'] = []
    for (const each of chain) {
      await ensureManifest(context, each, paths)
      const check = await verifyFiles(context, each, paths, (bytes) => {
        context.progress({
          bytesDone: Math.min(bytesBefore + bytes, bytesTotal),
          bytesTotal,
          message: `reading ${each.backupId}`,
        })
      })
      checks.push(check)
      bytesBefore += each.sizeBytes ?? 0
    }
    checks.push(walCheck(backup, server))
    for (const { name, status, message } of checks) {
      const level = status === CheckStatus.OK ? LogLevel.INFO : LogLevel.ERROR
      context.log(`${name}: ${status}${message === null ? '' : ` (${message})`}`, level)
    }
    const message = describeFaults(checks) ?? `Backup ${backup.backupId} is whole`
    const verification = { server: serverName(context), backupId: backup.backupId, message, checks }
    await context.keep({ verification }, message)
    await removeRuns(context, chainIds(context))
    throwUnlessPassed(verification)
    return undefined
  },

  undo: (context) => removeRuns(context, chainIds(context)),
}

async function lookUp(context: Context) {
  await context.clients.refreshBackups(serverName(context))
  await context.clients.refreshWal(serverName(context))
  const seen = { input: context.input, layout: context.layout, cluster: context.cluster() }
  const backup = findBackup(seen)
  const server = findServer(seen.cluster, seen)
  const [refusal] = checkBackupKnown(seen)
  if (refusal !== undefined) throw new RefusedMeanwhileError(refusal)
  if (backup === undefined || server === undefined) throw new TypeError('a backup that was found is gone')
  return { backup, server, chain: chainOf(backup, backupsOf(seen)) }
}

function chainIds(context: Context): string[] {
  return context.state().chain ?? []
}

function throwUnlessPassed({ backupId, checks }: KeptVerification): void {
  const of = (wanted: CheckStatus) =>
    checks.flatMap(({ name, status, message }) => (status === wanted ? [`${name}: ${message ?? status}`] : []))
  switch (verdictOf(checks)) {
    case Verdict.FAILED:
      throw new VerificationFailedError(backupId, of(CheckStatus.FAILED))
    case Verdict.NOT_CHECKED:
      throw new VerificationIncompleteError(backupId, of(CheckStatus.UNKNOWN))
    case Verdict.PASSED:
  }
}
