import type { ClusterSnapshot } from './cluster.ts'

/** As any node last counted it. */
export function databaseBytes(cluster: ClusterSnapshot): number | null {
  const counted = cluster.nodes.flatMap((node) => node.postgres.value?.databaseBytes ?? [])
  return counted.length === 0 ? null : Math.max(...counted)
}
