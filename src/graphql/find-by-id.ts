import { ClusterView } from '../domain/cluster/cluster-view.ts'
import { type ArchiveId, formatGlobalId, type GlobalId, parseGlobalId } from '../domain/resource-id.ts'
import { healthNow } from './health-now.ts'
import { backupServerNow, clusterSnapshot } from './lookup.ts'
import type { ApiContext } from './request-context.ts'
import { scheduleNow } from './schedules-now.ts'
import { backupNamed } from './types/backup/archive-pages.ts'
import { BackupServerType } from './types/backup/backup-server.ts'
import { WalSegmentType } from './types/backup/wal-segment.ts'
import { ClusterType } from './types/cluster/cluster.ts'
import { EtcdNodeType } from './types/cluster/etcd.ts'
import { HealthIssueType, toHealth } from './types/cluster/health.ts'
import { PostgresNodeType } from './types/cluster/postgres-node.ts'
import { ServiceType } from './types/cluster/service.ts'
import type { NodeType } from './types/common/relay-node.ts'
import { OperationType } from './types/operation/operation.ts'
import { RecoveryType } from './types/recovery/recovery.ts'
import { ScheduleType } from './types/schedule/schedule.ts'

/** What a global id names, as it is now; null when there is none. Throws InvalidValueError on what is no id. */
export async function findNode(context: ApiContext, text: string): Promise<NodeType | null> {
  const id = parseGlobalId(text)
  switch (id.type) {
    case 'Operation': {
      const record = await context.memo.operation(id.name)
      return record === null ? null : new OperationType(record)
    }
    case 'Recovery': {
      const record = await context.deps.recoveries.get(id.name)
      return record === null ? null : new RecoveryType(record)
    }
    case 'HealthIssue':
      return findIssue(context, id.named.cluster, text)
    case 'Schedule': {
      const found = scheduleNow(context.deps, id.named.cluster, id.name)
      return found === null ? null : new ScheduleType(found)
    }
    case 'BackupServer':
    case 'Backup':
    case 'WalSegment':
    case 'RecoveryWindow':
      return findInArchive(context, id)
    case 'Cluster':
    case 'PostgresNode':
    case 'EtcdNode':
    case 'Service':
      return findInCluster(context, id)
  }
}

type ClusterId = Exclude<GlobalId, ArchiveId | { type: 'Operation' | 'Recovery' | 'HealthIssue' | 'Schedule' }>

async function findInCluster({ deps }: ApiContext, { type, named, name }: ClusterId): Promise<NodeType | null> {
  if (!deps.clusters.has(named.cluster)) return null
  const view = ClusterView.of(await clusterSnapshot(deps, named.cluster))
  const ofName = <T extends { readonly name: string }>(all: readonly T[]): T[] =>
    all.filter((each) => each.name === name)
  switch (type) {
    case 'PostgresNode':
      return ofName(view.nodes).map((node) => new PostgresNodeType(view, node))[0] ?? null
    case 'EtcdNode':
      return ofName(view.snapshot.etcd).map((member) => new EtcdNodeType(view.name, member))[0] ?? null
    case 'Service':
      return ofName(view.snapshot.services).map((service) => new ServiceType(view.name, service))[0] ?? null
    case 'Cluster':
      return new ClusterType(view)
  }
}

/** As it is now; one that is open and of which nothing can be seen now, as it was last written. */
async function findIssue({ deps }: ApiContext, cluster: string, id: string): Promise<NodeType | null> {
  if (!deps.clusters.has(cluster)) return null
  const snapshot = await clusterSnapshot(deps, cluster)
  const health = toHealth(deps, cluster, healthNow(deps, snapshot))
  const written = deps.issues.get(cluster)?.open() ?? []
  const unseen = written.filter((issue) => issue.id === id).map((issue) => new HealthIssueType(issue))
  return health.issues.find((issue) => issue.id === id) ?? unseen[0] ?? null
}

async function findInArchive({ deps }: ApiContext, { type, named }: ArchiveId): Promise<NodeType | null> {
  const found = await backupServerNow(deps, { cluster: named.cluster, name: named.server })
  if (found === null) return null
  const { cluster, server } = found
  const archive = new BackupServerType(ClusterView.of(cluster), server)
  switch (type) {
    case 'BackupServer':
      return archive
    case 'Backup':
      return backupNamed(server, named.backupId)
    case 'RecoveryWindow': {
      const id = formatGlobalId(type, server.cluster, server.name, named.backupId, named.timeline)
      return archive.recoveryWindows.find((window) => window.id === id) ?? null
    }
    case 'WalSegment': {
      const segment = server.wal.value?.get(named.name) ?? null
      return segment === null ? null : new WalSegmentType(server, segment)
    }
  }
}
