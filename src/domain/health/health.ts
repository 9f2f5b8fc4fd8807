import type { ClusterSnapshot } from '../cluster/cluster.ts'
import { viewNodes } from '../cluster/node-view.ts'
import { archivingIssues } from './archiving.ts'
import { backupIssues } from './backups.ts'
import { clusterIssues } from './cluster.ts'
import { etcdIssues } from './etcd.ts'
import {
  DEFAULT_HEALTH_THRESHOLDS,
  type Health,
  type HealthIssue,
  HealthStatus,
  type HealthThresholds,
} from './health-issue.ts'
import { nodeIssues } from './nodes.ts'
import { serviceIssues } from './services.ts'
import { storageIssues } from './storage.ts'
import { unseenIssues } from './unseen.ts'
import { walIssues } from './wal.ts'

export {
  DEFAULT_HEALTH_THRESHOLDS,
  type Health,
  type HealthIssue,
  HealthStatus,
  type HealthThresholds,
} from './health-issue.ts'

const RULES = [
  clusterIssues,
  nodeIssues,
  etcdIssues,
  serviceIssues,
  archivingIssues,
  walIssues,
  backupIssues,
  storageIssues,
  unseenIssues,
]

/** A known fault says more than what cannot be seen, and that is worse than nothing known against it. */
const BY_SEVERITY = [HealthStatus.CRITICAL, HealthStatus.DEGRADED, HealthStatus.UNKNOWN, HealthStatus.HEALTHY]

/** Everything that is wrong with a cluster, the worst first. Its status is that of the worst issue. */
export function assessHealth(
  snapshot: ClusterSnapshot,
  now: Date,
  thresholds: HealthThresholds = DEFAULT_HEALTH_THRESHOLDS,
): Health {
  const context = { snapshot, now, thresholds, nodes: viewNodes(snapshot) }
  const issues: HealthIssue[] = RULES.flatMap((rule) => rule(context))
  issues.sort((a, b) => BY_SEVERITY.indexOf(a.severity) - BY_SEVERITY.indexOf(b.severity))
  return { status: issues[0]?.severity ?? HealthStatus.HEALTHY, issues, checkedAt: snapshot.checkedAt }
}
