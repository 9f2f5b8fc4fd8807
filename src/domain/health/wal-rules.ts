import { type Backup, BackupStatus, RetentionStatus } from '../backup/backup.ts'
import type { BackupServerSnapshot } from '../backup/backup-server.ts'
import { isLeading } from '../cluster/node-view.ts'
import { seenNow } from '../observed.ts'
import { firstSegmentOf } from '../recovery/recovery-window.ts'
import { formatGlobalId } from '../resource-id.ts'
import { currentHistory, type TimelineHistory } from '../wal/timeline-history.ts'
import { findGaps, segmentBytesOf } from '../wal/wal-continuity.ts'
import { parseSegmentName } from '../wal/wal-name.ts'
import { takeBackup } from './backup-rules.ts'
import { type HealthFinding, type HealthRule, HealthStatus, type SeenByCode } from './health-issue.ts'
import { serverSees } from './seen.ts'

/** Missing WAL. CRITICAL after the newest base backup: then nothing newer than the gap can be recovered. */
export const walIssues: HealthRule = ({ snapshot, nodes }) => {
  const timeline = nodes.find((node) => isLeading(node.role))?.timeline ?? null
  const switches = seenNow(snapshot.topology)?.timelineHistory
  const histories = switches === undefined ? [] : [currentHistory(switches, timeline)]
  return snapshot.backupServers.flatMap((server) => issuesOf(server, histories))
}

function issuesOf(server: BackupServerSnapshot, histories: readonly TimelineHistory[]): HealthFinding[] {
  const wal = seenNow(server.wal)
  if (wal === null) return []
  const segmentBytes = segmentBytesOf(wal)
  const starts = (seenNow(server.backups) ?? []).filter(needsLaterWal).flatMap((backup) => {
    const first = firstSegmentOf(backup, segmentBytes)
    return first === null ? [] : [first]
  })
  const oldest = Math.min(...starts)
  const newest = Math.max(...starts)
  // WAL before the oldest backup is of no use, and Barman removes it.
  return findGaps(wal, histories)
    .map((gap) => ({ ...gap, end: parseSegmentName(gap.before, segmentBytes).number }))
    .filter((gap) => starts.length === 0 || gap.end > oldest)
    .map((gap) => {
      const afterNewest = starts.length > 0 && gap.end > newest
      return {
        severity: afterNewest ? HealthStatus.CRITICAL : HealthStatus.DEGRADED,
        code: 'WAL_GAP',
        subject: formatGlobalId('BackupServer', server.cluster, server.name),
        which: gap.after,
        message: `${gap.missingCount} WAL segments are missing between ${gap.after} and ${gap.before}: no base backup from before can be recovered beyond them.`,
        remedy: afterNewest
          ? `Take a new base backup now: createBackup(input: {server: "${server.name}", type: FULL}). A node that still has the segments in pg_wal can put them with barman-wal-archive.`
          : 'Nothing to do if no point before the next base backup is needed; else put the segments from pg_wal of a node.',
        action: afterNewest ? takeBackup(server) : null,
      }
    })
}

/** A stand-alone backup keeps its own WAL only: it does not need what is missing after it. */
function needsLaterWal(backup: Backup): boolean {
  return backup.status === BackupStatus.DONE && backup.retentionStatus !== RetentionStatus.KEEP_STANDALONE
}

const isArchiveSeen = serverSees(({ wal, backups }) => [wal, backups])

export const walSeen: SeenByCode<'WAL_GAP'> = {
  // Without the history a gap where a timeline begins is not found.
  WAL_GAP: (subject, context) => isArchiveSeen(subject, context) && seenNow(context.snapshot.topology) !== null,
}
