import type { Backup } from '../domain/backup.ts'
import { type OperationRecord, OperationStatus } from '../domain/operation.ts'
import { Verdict, verdictOf } from '../domain/verdict.ts'
import { chainOf } from './steps/backup-chain.ts'
import { keptVerification, type Verification, verificationOf } from './verification.ts'

/** How backups were last verified, by "SERVER/BACKUP_ID". */
export type Verifications = ReadonlyMap<string, Verification>

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
    const key = `${kept.server}/${kept.backupId}`
    if (tellsMore(verification, found.get(key))) found.set(key, verification)
  }
  return found
}

/** They come in the order in which they were asked for. What ended last tells most, but for one that could not look. */
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
  server: string,
  backups: readonly Backup[],
  verifications: Verifications,
): ReadonlyMap<string, Verification> {
  const damaged = new Map<string, Verification>()
  for (const backup of backups) {
    const failed = chainOf(backup, backups)
      .map(({ backupId }) => verifications.get(`${server}/${backupId}`))
      .find((each) => each !== undefined && !each.passed && !isUnsure(each))
    if (failed !== undefined) damaged.set(backup.backupId, failed)
  }
  return damaged
}
