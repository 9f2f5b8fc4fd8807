import type { ClusterSnapshot } from '../cluster/cluster.ts'
import { viewNodes } from '../cluster/node-view.ts'
import { archivingIssues, archivingSeen } from './archiving-rules.ts'
import { backupIssues, backupSeen } from './backup-rules.ts'
import { clusterIssues, clusterSeen } from './cluster-rules.ts'
import { etcdIssues, etcdSeen } from './etcd-rules.ts'
import {
  DEFAULT_HEALTH_THRESHOLDS,
  type Health,
  type HealthContext,
  type HealthFinding,
  type HealthIssue,
  type HealthRule,
  HealthStatus,
  type HealthThresholds,
  type HowdahSeen,
  type SeenByCode,
} from './health-issue.ts'
import type { HealthIssueCode } from './health-issue-codes.ts'
import { issueId } from './issue-id.ts'
import { nodeIssues, nodeSeen } from './node-rules.ts'
import { portIssues, portSeen } from './port-rules.ts'
import { scheduleIssues, scheduleSeen } from './schedule-rules.ts'
import { serviceIssues, serviceSeen } from './service-rules.ts'
import { slotIssues, slotSeen } from './slot-rules.ts'
import { storageIssues, storageSeen } from './storage-rules.ts'
import { unseenIssues, unseenSeen } from './unseen-rules.ts'
import { walIssues, walSeen } from './wal-rules.ts'
import { workerIssues, workerSeen } from './worker-rules.ts'

export {
  DEFAULT_HEALTH_THRESHOLDS,
  type Health,
  type HealthIssue,
  HealthStatus,
  type HealthThresholds,
} from './health-issue.ts'

const RULES: readonly HealthRule[] = [
  clusterIssues,
  nodeIssues,
  slotIssues,
  etcdIssues,
  serviceIssues,
  portIssues,
  archivingIssues,
  walIssues,
  backupIssues,
  storageIssues,
  unseenIssues,
  workerIssues,
  scheduleIssues,
]

/** A known fault says more than what cannot be seen, and that is worse than nothing known against it. */
const BY_SEVERITY = [HealthStatus.CRITICAL, HealthStatus.DEGRADED, HealthStatus.UNKNOWN, HealthStatus.HEALTHY]

const NOTHING_SEEN: HowdahSeen = { workers: null, schedules: null }

/** What the rules look at. */
export function healthContext(
  snapshot: ClusterSnapshot,
  now: Date,
  howdah: HowdahSeen = NOTHING_SEEN,
  thresholds: HealthThresholds = DEFAULT_HEALTH_THRESHOLDS,
): HealthContext {
  return { ...howdah, snapshot, now, thresholds, nodes: viewNodes(snapshot) }
}

/** Everything that is wrong with a cluster, the worst first. Its status is that of the worst issue. */
export function assessHealth(
  snapshot: ClusterSnapshot,
  now: Date,
  howdah: HowdahSeen = NOTHING_SEEN,
  thresholds: HealthThresholds = DEFAULT_HEALTH_THRESHOLDS,
): Health {
  return assess(healthContext(snapshot, now, howdah, thresholds))
}

/** The same, where what it is derived from is needed as well. */
export function assess(context: HealthContext): Health {
  const { snapshot } = context
  const issues = RULES.flatMap((rule) => rule(context)).map((finding) => toIssue(snapshot.name, finding))
  issues.sort((a, b) => compareSeverity(a.severity, b.severity))
  return { status: issues[0]?.severity ?? HealthStatus.HEALTHY, issues, checkedAt: snapshot.checkedAt }
}

/** Negative where `a` is the worse one. */
export function compareSeverity(a: HealthStatus, b: HealthStatus): number {
  return BY_SEVERITY.indexOf(a) - BY_SEVERITY.indexOf(b)
}

const SEEN: SeenByCode<HealthIssueCode> = {
  ...clusterSeen,
  ...nodeSeen,
  ...slotSeen,
  ...etcdSeen,
  ...serviceSeen,
  ...portSeen,
  ...archivingSeen,
  ...walSeen,
  ...backupSeen,
  ...storageSeen,
  ...unseenSeen,
  ...workerSeen,
  ...scheduleSeen,
}

/**
 * Whether it is known that an issue which was there, and is not found now, is gone. False while what it rests on cannot be
 * seen. One of a code that this version does not know is gone.
 */
export function isKnownGone({ code, subject }: Pick<HealthIssue, 'code' | 'subject'>, context: HealthContext): boolean {
  return Object.hasOwn(SEEN, code) ? SEEN[code](subject, context) : true
}

function toIssue(cluster: string, { which, action, isPassing, ...finding }: HealthFinding): HealthIssue {
  const id = issueId(cluster, { ...finding, ...(which === undefined ? {} : { which }) })
  return { id, ...finding, action: action ?? null, isPassing: isPassing ?? false }
}
