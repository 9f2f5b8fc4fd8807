import { hasEnded, type RecoveryRecord } from '../../../domain/recovery/recovery.ts'

/** Unfinished recoveries that were started from one of these backups: it, and the WAL after it, must stay. */
export function recoveriesInNeed(
  recoveries: readonly RecoveryRecord[],
  server: string,
  backupIds: readonly string[],
): RecoveryRecord[] {
  return recoveries.filter(
    (recovery) => !hasEnded(recovery) && recovery.server === server && backupIds.includes(recovery.backupId),
  )
}
