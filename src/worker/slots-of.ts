import { OperationLane } from '../admission/operation-lane.ts'
import type { ClusterLayout } from '../domain/cluster/cluster-layout.ts'
import type { OperationRegistry } from '../operations/load-operations.ts'

/** What runs for hours keeps the machine busy: a few at a time. */
const ORDINARY_SLOTS = 4

/**
 * Operations at a time in one worker, by lane. Ordinary ones wait their turn. What is urgent finds a slot whatever else runs: a
 * start that waits hours for a copy must not hold up the failover of another cluster. Claims bound how many there can be, one
 * for each service, and one of each other kind for each cluster; and any ordinary one may be cancelled. A slot that is free
 * costs nothing.
 */
export function slotsOf(
  clusters: readonly Pick<ClusterLayout, 'services'>[],
  registry: OperationRegistry,
): Readonly<Record<OperationLane, number>> {
  const services = clusters.reduce((count, cluster) => count + cluster.services.length, 0)
  const kinds = [...registry.values()].filter(({ urgent }) => urgent === true).length
  return {
    [OperationLane.ORDINARY]: ORDINARY_SLOTS,
    [OperationLane.URGENT]: services + clusters.length * kinds + ORDINARY_SLOTS,
  }
}
