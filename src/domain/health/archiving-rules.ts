import { isFailing } from '../cluster/cluster.ts'
import { isLeading } from '../cluster/node-view.ts'
import { seenNow } from '../observed.ts'
import { formatGlobalId, readGlobalId } from '../resource-id.ts'
import { suggest } from '../suggested-action.ts'
import { formatSeconds } from './format.ts'
import {
  type HealthContext,
  type HealthFinding,
  type HealthRule,
  HealthStatus,
  type SeenByCode,
} from './health-issue.ts'
import { isLeadElsewhere, isPostgresSeen, serverSees } from './seen.ts'

/** Does finished WAL leave the leader, and does Barman take it in. */
export const archivingIssues: HealthRule = ({ snapshot, nodes, now, thresholds }) => {
  const issues: HealthFinding[] = []
  for (const view of nodes.filter((node) => isLeading(node.role))) {
    const node = snapshot.nodes.find((each) => each.name === view.name)
    const archiver = node === undefined ? null : (seenNow(node.postgres)?.archiver ?? null)
    if (archiver === null) continue
    const subject = formatGlobalId('PostgresNode', snapshot.name, view.name)
    const { lastFailedAt, pendingSegments } = archiver
    if (lastFailedAt !== null && isFailing(archiver)) {
      const ago = formatSeconds((now.getTime() - lastFailedAt.getTime()) / 1000)
      issues.push({
        severity: HealthStatus.DEGRADED,
        code: 'ARCHIVING_FAILING',
        subject,
        message: `${view.name} failed to archive ${archiver.lastFailedWal} ${ago} ago, and has archived nothing since; ${archiver.failedCount} failures so far.`,
        remedy: `Look for archive_command in the logs of ${view.name}, and see whether Barman runs, has room, and can be reached: checkBackupServer(input: {}).`,
        action: suggest('checkBackupServer', "Run Barman's checks", { cluster: snapshot.name }),
      })
    }
    if (pendingSegments !== null && pendingSegments > thresholds.pendingSegments) {
      issues.push({
        severity: HealthStatus.DEGRADED,
        code: 'ARCHIVING_BEHIND',
        subject,
        message: `${pendingSegments} segments on ${view.name} wait to be archived (bound ${thresholds.pendingSegments}).`,
        remedy:
          'It catches up when fewer writes come in; if the number only grows, see whether Barman keeps up and has room.',
      })
    }
  }
  for (const server of snapshot.backupServers) {
    const incoming = seenNow(server.incoming)?.incomingCount ?? 0
    if (incoming <= thresholds.pendingSegments) continue
    issues.push({
      severity: HealthStatus.DEGRADED,
      code: 'ARCHIVING_BEHIND',
      subject: formatGlobalId('BackupServer', server.cluster, server.name),
      message: `${incoming} segments wait in Barman's incoming directory (bound ${thresholds.pendingSegments}).`,
      remedy: `Have Barman take them in now: archiveWals(input: {server: "${server.name}"}). If that does not help, look for cron in its logs.`,
      action: suggest('archiveWals', 'File the waiting WAL', { cluster: server.cluster, server: server.name }),
    })
  }
  return issues
}

/** The archiver is the leader's: one that does not lead, and is known not to, archives nothing. */
const isArchiverSeen = (subject: string, context: HealthContext) =>
  isLeadElsewhere(subject, context) || isPostgresSeen(subject, context)

export const archivingSeen: SeenByCode<'ARCHIVING_BEHIND' | 'ARCHIVING_FAILING'> = {
  ARCHIVING_FAILING: isArchiverSeen,
  ARCHIVING_BEHIND: (subject, context) =>
    readGlobalId(subject)?.type === 'BackupServer'
      ? serverSees(({ incoming }) => [incoming])(subject, context)
      : isArchiverSeen(subject, context),
}
