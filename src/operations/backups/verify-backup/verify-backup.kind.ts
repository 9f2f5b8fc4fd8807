import { InputType } from 'type-graphql'
import { chainOf } from '../../../domain/backup/backup-chain.ts'
import { mebibytes } from '../../../domain/bytes.ts'
import { resources, shared } from '../../claims.ts'
import type { PlanContext } from '../../context.ts'
import { defineOperation } from '../../define-operation.ts'
import type { PlanDraft } from '../../plan-draft.ts'
import { BackupInput } from '../backup-inputs.ts'
import { backupsOf, serverName } from '../find-server.ts'
import { checkBackupCopied, checkBackupKnown, findBackup } from '../one-backup.ts'
import { verifyBackupState } from '../verifications.ts'
import { verifyBackupStep } from './verify-chain.ts'

/** What pg_verifybackup reads on a 2-core machine; and what Barman takes for its answers before. */
const BYTES_PER_SECOND = 500_000_000
const START_SECONDS = 2

@InputType({ description: 'Which backup to verify.' })
export class VerifyBackupInput extends BackupInput {}

export default defineOperation({
  name: 'verifyBackup',
  title: 'Verify a base backup',
  description:
    'Compares every file of a backup, and of those that it builds on, with the manifest (pg_verifybackup), and looks for the WAL that it needs in the archive. Its result is Backup.lastVerification. Replaces `barman verify-backup` and `barman generate-manifest`.',
  input: VerifyBackupInput,
  state: verifyBackupState,
  claims: (context) => [shared(resources.backups(serverName(context)))],
  fenced: false,
  destructive: false,
  check: (context) => [...checkBackupKnown(context), ...checkBackupCopied(context)],
  plan: planVerification,
  changes: [],
  steps: [verifyBackupStep],
  result: (context) => ({ type: 'Backup', scope: serverName(context), name: context.input.backupId }),
})

function planVerification(context: PlanContext<VerifyBackupInput>): PlanDraft {
  const backup = findBackup(context)
  const chain = backup === undefined ? [] : chainOf(backup, backupsOf(context))
  const bytes = chain.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0)
  const parents = chain.slice(0, -1).map(({ backupId }) => backupId)
  const with_ = parents.length === 0 ? '' : ` with what it builds on (${parents.join(', ')})`
  return {
    summary: `Reads all ${mebibytes(bytes)} of backup ${context.input.backupId}${with_} and compares them with the manifest`,
    steps: { [verifyBackupStep.name]: { seconds: START_SECONDS + bytes / BYTES_PER_SECOND } },
    checks: [],
    downtimeSeconds: 0,
    dataLoss: null,
  }
}
