import type { Backup } from '../domain/backup.ts'
import { type OperationRecord, OperationStatus } from '../domain/operation.ts'
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
    // They come in the order in which they were asked for; what ended last tells most.
    if (verification.at >= (found.get(key)?.at ?? new Date(0))) found.set(key, verification)
  }
  return found
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
      .find((each) => each?.passed === false)
    if (failed !== undefined) damaged.set(backup.backupId, failed)
  }
  return damaged
}
