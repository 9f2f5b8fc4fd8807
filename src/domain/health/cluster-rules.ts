import { isReachable } from '../cluster/node-view.ts'
import { isKnownToHaveNoLeader } from '../cluster/without-leader.ts'
import { seenNow } from '../observed.ts'
import { formatGlobalId } from '../resource-id.ts'
import { suggest } from '../suggested-action.ts'
import { type HealthFinding, type HealthRule, HealthStatus, type SeenByCode } from './health-issue.ts'
import { isLeadSeen } from './seen.ts'

/** The cluster as a whole: does a node lead, and would another take over. */
export const clusterIssues: HealthRule = ({ snapshot, nodes }) => {
  const topology = seenNow(snapshot.topology)
  const issues: HealthFinding[] = []
  const subject = formatGlobalId('Cluster', snapshot.name)
  if (isKnownToHaveNoLeader(snapshot, nodes)) {
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
      action: suggest('resumeCluster', 'End the pause', { cluster: snapshot.name }),
    })
  }
  return issues
}

export const clusterSeen: SeenByCode<'CLUSTER_PAUSED' | 'NO_LEADER'> = {
  NO_LEADER: isLeadSeen,
  CLUSTER_PAUSED: (_, { snapshot }) => seenNow(snapshot.topology) !== null,
}
