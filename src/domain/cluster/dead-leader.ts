import type { ClusterSnapshot } from './cluster.ts'
import { ServiceState } from './node.ts'
import { seenNow } from './observed.ts'
import { serviceNow } from './service-now.ts'

/** A leader that is certainly dead: its container has ended, and it still holds the lock. */
export interface DeadLeader {
  readonly node: string
  readonly service: string
  readonly containerId: string
  /** When the container that ended had been started: another life of it is another death. */
  readonly startedAt: Date | null
}

/**
 * The leader whose container Docker says has ended; null when there is none, and whenever anything is uncertain: a leader
 * that is frozen, cut off, restarting or not to be seen may still write, and a paused cluster wants to be left alone.
 */
export function findDeadLeader(snapshot: ClusterSnapshot): DeadLeader | null {
  const topology = seenNow(snapshot.topology)
  if (topology === null || topology.leader === null || topology.paused) return null
  const node = snapshot.nodes.find(({ name }) => name === topology.leader)
  const service = serviceNow(snapshot, node?.service ?? null)
  if (node === undefined || service === null || service.containerId === null) return null
  if (service.state !== ServiceState.EXITED && service.state !== ServiceState.DEAD) return null
  const { name, containerId, startedAt } = service
  return { node: node.name, service: name, containerId, startedAt }
}
