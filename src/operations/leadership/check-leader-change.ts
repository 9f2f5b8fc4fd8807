import type { ClusterSnapshot, Topology } from '../../domain/cluster/cluster.ts'
import { type Refusal, refuse } from '../../domain/refusal.ts'

/** What speaks against any change of the leader: the topology is unknown, or no node has the candidate's name. */
export function checkSubject(cluster: ClusterSnapshot, candidate: string | null): Refusal[] {
  if (cluster.topology.error !== null || cluster.topology.value === null) {
    return [
      refuse(
        'TOPOLOGY_UNKNOWN',
        `Patroni's keys cannot be read: ${cluster.topology.error ?? 'empty'}`,
        'Bring etcd back first: cluster.health says which members are missing.',
      ),
    ]
  }
  return candidate === null || cluster.nodes.some(({ name }) => name === candidate)
    ? []
    : [unknownNode(cluster, candidate)]
}

export function scheduledAlready({ scheduledSwitchover }: Topology): Refusal[] {
  if (scheduledSwitchover === null) return []
  const { from, to, at } = scheduledSwitchover
  return [
    refuse(
      'SWITCHOVER_SCHEDULED',
      `a switchover from ${from ?? 'the leader'} to ${to ?? 'any node'} is scheduled for ${at.toISOString()}, and Patroni remembers one at a time`,
      'Cancel it first: cancelScheduledSwitchover(input: {}).',
    ),
  ]
}

export function notEligible(reasons: readonly string[]): Refusal {
  return refuse(
    'CANDIDATE_NOT_ELIGIBLE',
    reasons.join(' '),
    'Fix what it names, or choose another node: PostgresNode.switchoverEligibility says who may take over.',
    'candidate',
  )
}

function unknownNode({ name, nodes }: ClusterSnapshot, candidate: string): Refusal {
  const known = nodes.map((node) => node.name).join(', ')
  return refuse('UNKNOWN_NODE', `${candidate} is not a node of ${name}`, `Configured: ${known}.`, 'candidate')
}
