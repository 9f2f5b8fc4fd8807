import type { ClusterSnapshot } from '../cluster/cluster.ts'
import { viewNodes } from '../cluster/node-view.ts'
import type { WorkerPresence } from '../operation/worker-presence.ts'
import { archivingIssues } from './archiving-rules.ts'
import { backupIssues } from './backup-rules.ts'
import { clusterIssues } from './cluster-rules.ts'
import { etcdIssues } from './etcd-rules.ts'
import {
  DEFAULT_HEALTH_THRESHOLDS,
  type Health,
  type HealthIssue,
  HealthStatus,
  type HealthThresholds,
} from './health-issue.ts'
import { nodeIssues } from './node-rules.ts'
import { portIssues } from './port-rules.ts'
import { serviceIssues } from './service-rules.ts'
import { storageIssues } from './storage-rules.ts'
import { unseenIssues } from './unseen-rules.ts'
import { walIssues } from './wal-rules.ts'
import { workerIssues } from './worker-rules.ts'

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
  portIssues,
  archivingIssues,
  walIssues,
  backupIssues,
  storageIssues,
  unseenIssues,
  workerIssues,
]

/** A known fault says more than what cannot be seen, and that is worse than nothing known against it. */
const BY_SEVERITY = [HealthStatus.CRITICAL, HealthStatus.DEGRADED, HealthStatus.UNKNOWN, HealthStatus.HEALTHY]

/** Everything that is wrong with a cluster, the worst first. Its status is that of the worst issue. */
export function assessHealth(
  snapshot: ClusterSnapshot,
  now: Date,
  workers: WorkerPresence | null = null,
  thresholds: HealthThresholds = DEFAULT_HEALTH_THRESHOLDS,
): Health {
  const context = { snapshot, now, thresholds, workers, nodes: viewNodes(snapshot) }
  const issues: HealthIssue[] = RULES.flatMap((rule) => rule(context))
  issues.sort((a, b) => BY_SEVERITY.indexOf(a.severity) - BY_SEVERITY.indexOf(b.severity))
  return { status: issues[0]?.severity ?? HealthStatus.HEALTHY, issues, checkedAt: snapshot.checkedAt }
}
