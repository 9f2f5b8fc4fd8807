import { isLeading, isReachable } from '../cluster/node-view.ts'
import { seenNow } from '../cluster/observed.ts'
import { formatGlobalId } from '../resource-id.ts'
import { type HealthIssue, type HealthRule, HealthStatus } from './health-issue.ts'

/** The cluster as a whole: does a node lead, and would another take over. */
export const clusterIssues: HealthRule = ({ snapshot, nodes }) => {
  const topology = seenNow(snapshot.topology)
  const issues: HealthIssue[] = []
  const subject = formatGlobalId('Cluster', snapshot.name)
  const leader = nodes.find((node) => isLeading(node.role))
  const anythingSeen = topology !== null || nodes.some(isReachable)
  if (anythingSeen && leader === undefined && (topology === null || topology.leader === null)) {
    const reachable = nodes.filter(isReachable).length
    issues.push({
      severity: HealthStatus.CRITICAL,
      code: 'NO_LEADER',
      subject,
      message: `No node leads: nothing can be written. ${reachable} of ${nodes.length} nodes answer.`,
      remedy:
        'Patroni elects a leader by itself once etcd has a quorum; start stopped nodes (startService), or name one (failover).',
    })
  }
  if (topology?.paused === true) {
    issues.push({
      severity: HealthStatus.DEGRADED,
      code: 'CLUSTER_PAUSED',
      subject,
      message: 'The cluster is paused: if the leader is lost, no replica takes over.',
      remedy: 'When the maintenance is over, end the pause: resumeCluster(input: {}).',
    })
  }
  return issues
}
