import { ClusterView } from '../domain/cluster/cluster-view.ts'
import { type GlobalId, parseGlobalId } from '../domain/resource-id.ts'
import { backupServerNow, clusterSnapshot } from './lookup.ts'
import type { ApiContext } from './request-context.ts'
import { backupNamed } from './types/backup/archive-pages.ts'
import { BackupServerType } from './types/backup/backup-server.ts'
import { WalSegmentType } from './types/backup/wal-segment.ts'
import { ClusterType } from './types/cluster/cluster.ts'
import { EtcdNodeType } from './types/cluster/etcd.ts'
import { PostgresNodeType } from './types/cluster/postgres-node.ts'
import { ServiceType } from './types/cluster/service.ts'
import type { NodeType } from './types/common/relay-node.ts'
import { OperationType } from './types/operation/operation.ts'
import { RecoveryType } from './types/recovery/recovery.ts'

/** What a global id names, as it is now; null when there is none. Throws InvalidValueError on what is no id. */
export async function findNode(context: ApiContext, text: string): Promise<NodeType | null> {
  const id = parseGlobalId(text)
  switch (id.type) {
    case 'Operation': {
      const record = await context.memo.operation(id.path[0])
      return record === null ? null : new OperationType(record)
    }
    case 'Recovery': {
      const record = await context.deps.recoveries.get(id.path[0])
      return record === null ? null : new RecoveryType(record)
    }
    case 'BackupServer':
    case 'Backup':
    case 'WalSegment':
    case 'RecoveryWindow':
      return findInArchive(context, id, text)
    case 'Cluster':
    case 'PostgresNode':
    case 'EtcdNode':
    case 'Service':
      return findInCluster(context, id)
  }
}

async function findInCluster({ deps }: ApiContext, { type, path }: GlobalId): Promise<NodeType | null> {
  if (!deps.clusters.has(path[0])) return null
  const view = ClusterView.of(await clusterSnapshot(deps, path[0]))
  const named = <T extends { readonly name: string }>(all: readonly T[]): T[] =>
    all.filter(({ name }) => name === path[1])
  switch (type) {
    case 'PostgresNode':
      return named(view.nodes).map((node) => new PostgresNodeType(view, node))[0] ?? null
    case 'EtcdNode':
      return named(view.snapshot.etcd).map((member) => new EtcdNodeType(view.name, member))[0] ?? null
    case 'Service':
      return named(view.snapshot.services).map((service) => new ServiceType(view.name, service))[0] ?? null
    default:
      return new ClusterType(view)
  }
}

async function findInArchive({ deps }: ApiContext, { type, path }: GlobalId, text: string): Promise<NodeType | null> {
  const found = await backupServerNow(deps, path[0])
  if (found === null) return null
  const { cluster, server } = found
  const archive = new BackupServerType(ClusterView.of(cluster), server)
  if (type === 'BackupServer') return archive
  if (type === 'RecoveryWindow') return archive.recoveryWindows.find(({ id }) => id === text) ?? null
  if (type === 'Backup') return backupNamed(server, path[1] ?? '')
  const segment = server.wal.value?.get(path[1] ?? '') ?? null
  return segment === null ? null : new WalSegmentType(server.name, segment)
}
