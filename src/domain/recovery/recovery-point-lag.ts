import type { BackupServerSnapshot } from '../backup/backup-server.ts'
import { isReachable, type NodeView } from '../cluster/node-view.ts'
import { Timestamp } from '../timestamp.ts'

/**
 * Seconds since Barman last took WAL in, archived or streamed; 0 when the archive reaches the position of a leader that
 * answers. Null before the first WAL.
 */
export function recoveryPointLagSeconds(
  { wal, incoming }: Pick<BackupServerSnapshot, 'wal' | 'incoming'>,
  leader: NodeView | null,
  now: Date,
): number | null {
  const last = wal.value?.last ?? null
  const streamedAt = incoming.value?.streamingModifiedAt ?? null
  if (
    last !== null &&
    leader !== null &&
    isReachable(leader) &&
    leader.lsn !== null &&
    leader.timeline === last.timeline &&
    leader.lsn <= last.endLsn
  ) {
    return 0
  }
  const at = Timestamp.fromDate(now)
  const ages = [last?.archivedAt ?? null, streamedAt].flatMap((each) => (each === null ? [] : [at.secondsSince(each)]))
  return ages.length === 0 ? null : Math.max(0, Math.min(...ages))
}
