import { createUnionType } from 'type-graphql'
import { ClusterView } from '../../../domain/cluster/cluster-view.ts'
import type { OperationResultReference } from '../../../domain/operation/operation.ts'
import { backupServerNow, clusterSnapshot } from '../../lookup.ts'
import type { ApiDependencies } from '../../request-context.ts'
import { backupNamed } from '../backup/archive-pages.ts'
import { BaseBackupType } from '../backup/backup.ts'
import { PostgresNodeType } from '../cluster/postgres-node.ts'
import { ServiceType } from '../cluster/service.ts'
import { RecoveryType } from '../recovery/recovery.ts'

export type OperationResultObject = BaseBackupType | PostgresNodeType | ServiceType | RecoveryType

export const OperationResultType = createUnionType({
  name: 'OperationResult',
  description: 'What an operation made or changed.',
  types: () => [BaseBackupType, PostgresNodeType, ServiceType, RecoveryType] as const,
})

/** The thing itself as it is now; null when it is gone, or not seen yet. */
export async function resolveResult(
  deps: ApiDependencies,
  cluster: string,
  reference: OperationResultReference | null,
): Promise<OperationResultObject | null> {
  if (reference === null) return null
  const { type, scope, name } = reference
  switch (type) {
    case 'Backup': {
      const found = await backupServerNow(deps, { cluster, name: scope })
      return found === null ? null : backupNamed(found.server, name)
    }
    case 'PostgresNode': {
      const view = ClusterView.of(await clusterSnapshot(deps, cluster))
      const node = view.nodes.find((each) => each.name === name)
      return node === undefined ? null : new PostgresNodeType(view, node)
    }
    case 'Service': {
      const { services } = await clusterSnapshot(deps, cluster)
      const service = services.find((each) => each.name === name)
      return service === undefined ? null : new ServiceType(cluster, service)
    }
    case 'Recovery': {
      const recovery = await deps.recoveries.get(name)
      return recovery === null ? null : new RecoveryType(recovery)
    }
  }
}
