import { z } from 'zod'
import { chainOf } from '../../domain/backup/backup-chain.ts'
import type { BackupServerSnapshot } from '../../domain/backup/backup-server.ts'
import { backupKey, type Verification, type Verifications } from '../../domain/backup/verification.ts'
import { CheckStatus } from '../../domain/check.ts'
import { Verdict, verdictOf } from '../../domain/check-verdict.ts'
import { type OperationRecord, OperationStatus } from '../../domain/operation/operation.ts'

/** The newest 500 that came to an end. */
const QUERY = {
  limit: 500,
  from: null,
  backward: false,
  filter: { kinds: ['verifyBackup'], statuses: [OperationStatus.SUCCEEDED, OperationStatus.FAILED] },
}

/** What was last found out about each backup. */
export async function readVerifications(log: {
  list(request: typeof QUERY): Promise<{ readonly operations: readonly OperationRecord[] }>
}): Promise<Verifications> {
  const { operations } = await log.list(QUERY)
  const found = new Map<string, Verification>()
  for (const operation of operations) {
    const kept = keptVerification(operation.state)
    const verification = verificationOf(operation)
    if (kept === null || verification === null) continue
    const key = backupKey(operation.cluster, kept.server, kept.backupId)
    if (tellsMore(verification, found.get(key))) found.set(key, verification)
  }
  return found
}

/** They come in the order of their requests. The last to end counts most, except for one that could not look. */
function tellsMore(next: Verification, known: Verification | undefined): boolean {
  if (known === undefined) return true
  const [isNextUnsure, isKnownUnsure] = [isUnsure(next), isUnsure(known)]
  return isNextUnsure === isKnownUnsure ? next.at >= known.at : isKnownUnsure
}

function isUnsure({ checks }: Verification): boolean {
  return verdictOf(checks) === Verdict.NOT_CHECKED
}

/** A server's backups that are not to be restored, by id: each failed its last verification, or builds on one that did. */
export function damagedBackups(
  { cluster, name, backups: { value } }: Pick<BackupServerSnapshot, 'cluster' | 'name' | 'backups'>,
  verifications: Verifications,
): ReadonlyMap<string, Verification> {
  const backups = value ?? []
  const damaged = new Map<string, Verification>()
  for (const backup of backups) {
    const failed = chainOf(backup, backups)
      .map(({ backupId }) => verifications.get(backupKey(cluster, name, backupId)))
      .find((each) => each !== undefined && !each.passed && !isUnsure(each))
    if (failed !== undefined) damaged.set(backup.backupId, failed)
  }
  return damaged
}

/** What a verification found out, as its operation keeps it. */
const keptSchema = z.object({
  server: z.string(),
  backupId: z.string(),
  message: z.string(),
  checks: z.array(
    z.object({
      name: z.string(),
      status: z.enum(CheckStatus),
      message: z.string().nullable(),
      hint: z.string().nullable(),
    }),
  ),
})

export type KeptVerification = z.output<typeof keptSchema>

/** What verifyBackup keeps. */
export const verifyBackupState = z
  .object({
    /** Ids of the backups that are read: the one that was asked for, and those that it builds on. */
    chain: z.array(z.string()),
    verification: keptSchema,
  })
  .partial()

export type VerifyBackupState = z.output<typeof verifyBackupState>

/** What an operation found out about a backup; null when it did not get that far. */
function keptVerification(state: OperationRecord['state']): KeptVerification | null {
  return verifyBackupState.safeParse(state).data?.verification ?? null
}

/** The result of a verifyBackup that has ended. */
export function verificationOf({ state, finishedAt }: OperationRecord): Verification | null {
  const kept = keptVerification(state)
  if (kept === null || finishedAt === null) return null
  return {
    passed: verdictOf(kept.checks) === Verdict.PASSED,
    at: new Date(finishedAt),
    message: kept.message,
    checks: kept.checks,
  }
}
