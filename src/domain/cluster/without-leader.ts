import { seenNow } from '../observed.ts'
import type { ClusterSnapshot } from './cluster.ts'
import { NodeState } from './node.ts'
import { isLeading, isReachable, type NodeView } from './node-view.ts'

/** Whether it is known that no node leads: by Patroni's keys, and without these by what every node says of itself. */
export function isKnownToHaveNoLeader({ topology }: ClusterSnapshot, nodes: readonly NodeView[]): boolean {
  if (nodes.some(({ role }) => isLeading(role))) return false
  const keys = seenNow(topology)
  return keys === null ? noneLeads(nodes) : keys.leader === null
}

/** By the nodes' own words: one that cannot be asked may lead, unless its container has ended. */
function noneLeads(nodes: readonly NodeView[]): boolean {
  return nodes.some(isReachable) && nodes.every((node) => isReachable(node) || node.state === NodeState.STOPPED)
}
