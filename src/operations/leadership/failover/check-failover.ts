import type { ClusterSnapshot } from '../../../domain/cluster/cluster.ts'
import { assessFailover, bestForFailover, healthyLeader } from '../../../domain/cluster/failover-eligibility.ts'
import { type Refusal, refuse } from '../../../domain/refusal.ts'
import type { PlanContext } from '../../context.ts'
import { checkSubject, notEligible } from '../check-leader-change.ts'
import type { FailoverInput } from './failover-input.ts'

/** What speaks against a failover now. */
export function checkFailover({ cluster, input }: PlanContext<FailoverInput>): Refusal[] {
  const candidate = input.candidate ?? null
  const unknown = checkSubject(cluster, candidate)
  if (unknown.length > 0) return unknown
  const leader = healthyLeader(cluster)
  if (leader !== null && leader.name === candidate) return []
  return [
    ...(leader !== null && input.force !== true ? [healthy(leader.name)] : []),
    ...checkCandidates(cluster, candidate),
  ]
}

/** For each node why it may not be promoted, or that it may. */
export function failoverReasons(cluster: ClusterSnapshot): string[] {
  return cluster.nodes.map(({ name }) => {
    const { eligible, reasons } = assessFailover(cluster, name)
    return eligible ? `${name} may be promoted.` : reasons.join(' ')
  })
}

function healthy(leader: string): Refusal {
  return refuse(
    'LEADER_IS_HEALTHY',
    `${leader} leads and takes writes: a switchover hands over without losing anything, a failover promises less`,
    'Use switchover; or send force: true to fail over nevertheless.',
    'force',
  )
}

function checkCandidates(cluster: ClusterSnapshot, candidate: string | null): Refusal[] {
  if (candidate !== null) {
    const { eligible, reasons } = assessFailover(cluster, candidate)
    return eligible ? [] : [notEligible(reasons)]
  }
  if (bestForFailover(cluster) !== null) return []
  return [
    refuse(
      'NO_ELIGIBLE_NODE',
      `no node can be promoted. ${failoverReasons(cluster).join(' ')}`,
      'Start a node that was stopped (startService), or fix what the reasons name.',
    ),
  ]
}
