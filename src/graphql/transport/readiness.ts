import type { ClusterSnapshot } from '../../domain/cluster/cluster.ts'
import { isNotYetRead } from '../../domain/observed.ts'

/**
 * Whether the API can answer from what it knows: every cluster was looked at, and one of them at least was seen. A cluster that
 * is away must not take the API from those who ask for another one.
 */
export function isReady(clusters: readonly Pick<ClusterSnapshot, 'topology'>[]): boolean {
  const wasLookedAt = clusters.every(({ topology }) => !isNotYetRead(topology))
  return wasLookedAt && clusters.some(({ topology }) => topology.value !== null)
}
