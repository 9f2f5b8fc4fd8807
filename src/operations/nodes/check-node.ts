import type { ClusterSnapshot } from '../../domain/cluster/cluster.ts'
import { seenNow } from '../../domain/observed.ts'
import { type Refusal, refuse } from '../../domain/refusal.ts'
import { snapshotOf } from '../node-access/node-health.ts'

/** Refuses a node that there is not, and one whose Patroni does not answer. */
export function checkNode(cluster: ClusterSnapshot, name: string): Refusal[] {
  const node = snapshotOf(cluster, name)
  if (node === undefined) {
    const known = cluster.nodes.map((each) => each.name).join(', ')
    return [refuse('UNKNOWN_NODE', `there is no node "${name}"`, `Configured: ${known}.`, 'node')]
  }
  if (seenNow(node.patroni) !== null) return []
  const why = node.patroni.error ?? 'not read yet'
  const remedy = `Look at its container: cluster.service(name: "${node.service ?? name}") has its state and logs; startService(input: {service: "${node.service ?? name}"}) starts it, and its Patroni.`
  return [refuse('NODE_UNREACHABLE', `Patroni of ${name} does not answer: ${why}`, remedy, 'node')]
}

/** Refuses while Patroni's keys cannot be read or no node leads. */
export function checkLeads(cluster: ClusterSnapshot): Refusal[] {
  const topology = seenNow(cluster.topology)
  if (topology === null) {
    const why = cluster.topology.error ?? 'not read yet'
    return [
      refuse('TOPOLOGY_UNKNOWN', `Patroni's keys cannot be read: ${why}`, 'See cluster.health for what to do.', null),
    ]
  }
  if (topology.leader !== null) return []
  return [refuse('NO_LEADER', `cluster ${cluster.name} has no leader`, 'See cluster.health for what to do.', null)]
}
