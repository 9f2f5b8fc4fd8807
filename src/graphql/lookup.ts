import type { BackupServerSnapshot } from '../domain/backup/backup-server.ts'
import type { ClusterSnapshot } from '../domain/cluster/cluster.ts'
import { ClusterRequiredError, requiredCluster } from '../domain/cluster/required-cluster.ts'
import { NotFoundError } from '../domain/errors.ts'
import type { ApiDependencies, ClusterSource } from './request-context.ts'

type Clusters = Pick<ApiDependencies, 'clusters'>
type Snapshots = Pick<ApiDependencies, 'clusters' | 'snapshots'>

/** By name; the only one without a name. Throws NotFoundError and ClusterRequiredError. */
export function clusterSource({ clusters }: Clusters, name: string | null | undefined): ClusterSource {
  const source = clusters.get(requiredCluster(name, [...clusters.keys()]))
  if (source !== undefined) return source
  throw new NotFoundError(name == null ? 'no cluster is configured' : `there is no cluster "${name}"`, {
    remedy: `Configured: ${[...clusters.keys()].join(', ') || 'none'}.`,
  })
}

/** The cluster of that name as it is now, with what has just ended in it. Throws as `clusterSource` does. */
export async function clusterSnapshot(deps: Snapshots, name: string | null | undefined): Promise<ClusterSnapshot> {
  return deps.snapshots.forQuery(clusterSource(deps, name).current().name)
}

export interface FoundBackupServer {
  readonly source: ClusterSource
  readonly cluster: ClusterSnapshot
  readonly server: BackupServerSnapshot
}

/** A Barman server as a caller names it: its cluster may be left out where one cluster alone has a server of that name. */
export interface BackupServerName {
  readonly cluster: string | null
  readonly name: string
}

/** Null when there is none. Throws ClusterRequiredError where the cluster is left out and several have one of that name. */
export function findBackupServer(
  { clusters }: Clusters,
  { cluster, name }: BackupServerName,
): FoundBackupServer | null {
  const sources = cluster === null ? [...clusters.values()] : [clusters.get(cluster) ?? []].flat()
  const found = sources.flatMap((source): FoundBackupServer[] => {
    const snapshot = source.current()
    const server = snapshot.backupServers.find((each) => each.name === name)
    return server === undefined ? [] : [{ source, cluster: snapshot, server }]
  })
  if (found.length > 1) throw new ClusterRequiredError(found.map((each) => each.cluster.name))
  return found[0] ?? null
}

/** The same as it is now, with what has just ended in it. */
export async function backupServerNow(
  deps: Snapshots,
  named: BackupServerName,
): Promise<Omit<FoundBackupServer, 'source'> | null> {
  const found = findBackupServer(deps, named)
  if (found === null) return null
  const cluster = await clusterSnapshot(deps, found.cluster.name)
  const server = cluster.backupServers.find((each) => each.name === named.name)
  return server === undefined ? null : { cluster, server }
}

/** By name; a cluster's first one without a name. Throws NotFoundError and ClusterRequiredError. */
export function backupServerNamed(
  deps: Clusters,
  { cluster, name }: { readonly cluster?: string | null | undefined; readonly name?: string | null | undefined },
): FoundBackupServer {
  const source = cluster == null && name != null ? null : clusterSource(deps, cluster).current()
  const wanted = name ?? source?.backupServers[0]?.name
  const found = wanted === undefined ? null : findBackupServer(deps, { cluster: source?.name ?? null, name: wanted })
  if (found !== null) return found
  const known = [...deps.clusters.values()].flatMap((each) => each.current().backupServers.map((server) => server.name))
  throw new NotFoundError(`there is no backup server "${wanted ?? ''}"`, {
    remedy: `Configured: ${known.join(', ') || 'none'}.`,
  })
}

/**
 * The cluster whose service is meant: the one that is named, or the only one that has a service of that name. Throws
 * NotFoundError and ClusterRequiredError.
 */
export function serviceSource(deps: Clusters, service: string, cluster: string | null | undefined): ClusterSource {
  if (cluster != null) return clusterSource(deps, cluster)
  const [source, ...others] = [...deps.clusters.values()].filter((each) =>
    each.current().services.some(({ name }) => name === service),
  )
  return source !== undefined && others.length === 0 ? source : clusterSource(deps, null)
}
