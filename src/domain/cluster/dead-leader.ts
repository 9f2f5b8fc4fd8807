import { seenNow } from '../observed.ts'
import type { ClusterSnapshot } from './cluster.ts'
import { ServiceState } from './node.ts'
import { serviceNow } from './service-now.ts'

/** A leader that is certainly dead: its container has ended, and it still holds the lock. */
export interface DeadLeader {
  readonly node: string
  readonly service: string
  readonly containerId: string
  /** When the container that ended had been started: another life of it is another death. */
  readonly startedAt: Date | null
}

/** The tag of Patroni's in which a node says whose container it is: the first twelve digits of its id (entrypoint.sh). */
export const CONTAINER_TAG = 'howdah_container'
const ID_DIGITS = 12

/**
 * Whether the node whose member key has these tags runs, or ran, in that container. A name is no identity: on another
 * host, or from before, there may be a container of the same service that ended long ago, while this one leads. What is
 * compared is the container's own id, which no other ever has:
 * - Patroni writes it into its member key in the cycle in which it takes the lock, before it takes it. So the key is of
 *   the life that holds the lock, or of one that is about to;
 * - lock and member key hang on one lease: as long as the lock is there, so is the key;
 * - no clock of any host has a part in it.
 * A node whose image does not write the tag yet is never certain: its lock runs out by itself.
 */
export function isContainerOf(tags: Readonly<Record<string, unknown>>, containerId: string): boolean {
  const own = tags[CONTAINER_TAG]
  return typeof own === 'string' && own.length >= ID_DIGITS && containerId.startsWith(own)
}

/**
 * The leader whose container Docker says has ended; null when there is none, and whenever anything is uncertain: a leader
 * that is frozen, cut off, restarting or not to be seen may still write, a container that is not the one which holds the
 * lock says nothing of it, and a paused cluster wants to be left alone.
 */
export function findDeadLeader(snapshot: ClusterSnapshot): DeadLeader | null {
  const topology = seenNow(snapshot.topology)
  if (topology === null || topology.leader === null || topology.paused) return null
  const node = snapshot.nodes.find(({ name }) => name === topology.leader)
  const service = serviceNow(snapshot, node?.service ?? null)
  if (node === undefined || service === null || service.containerId === null) return null
  if (service.state !== ServiceState.EXITED && service.state !== ServiceState.DEAD) return null
  const { name, containerId, startedAt } = service
  if (!isContainerOf(topology.members.get(node.name)?.tags ?? {}, containerId)) return null
  return { node: node.name, service: name, containerId, startedAt }
}
