import { hasEnded, type RecoveryRecord } from '../../../domain/recovery/recovery.ts'

/** Recoveries that have not ended and were begun from one of these backups: it, and the WAL behind it, must stay. */
export function recoveriesInNeed(
  recoveries: readonly RecoveryRecord[],
  server: string,
  backupIds: readonly string[],
): RecoveryRecord[] {
  return recoveries.filter(
    (recovery) => !hasEnded(recovery) && recovery.server === server && backupIds.includes(recovery.backupId),
  )
}
