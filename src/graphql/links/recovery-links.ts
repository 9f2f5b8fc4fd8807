import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql'
import { ClusterView } from '../../domain/cluster/cluster-view.ts'
import { NotFoundError } from '../../domain/errors.ts'
import { backupServerNow, clusterSnapshot } from '../lookup.ts'
import type { ApiContext } from '../request-context.ts'
import { backupNamed } from '../types/backup/archive-pages.ts'
import { BaseBackupType } from '../types/backup/backup.ts'
import { ClusterType } from '../types/cluster/cluster.ts'
import { OperationType } from '../types/operation/operation.ts'
import { RecoveryType } from '../types/recovery/recovery.ts'

/** Fields of a recovery that lead back to types which lead to recoveries. */
@Resolver(() => RecoveryType)
export class RecoveryLinks {
  @FieldResolver(() => ClusterType, { description: 'The cluster whose data it recovers.' })
  async cluster(@Root() { record }: RecoveryType, @Ctx() { deps }: ApiContext): Promise<ClusterType> {
    return new ClusterType(ClusterView.of(await clusterSnapshot(deps, record.cluster)))
  }

  @FieldResolver(() => BaseBackupType, {
    nullable: true,
    description: 'The base backup that it restored. Null once that is deleted: backupId still says which it was.',
  })
  async backup(@Root() { record }: RecoveryType, @Ctx() { deps }: ApiContext): Promise<BaseBackupType | null> {
    const found = await backupServerNow(deps, { cluster: record.cluster, name: record.server })
    return found === null ? null : backupNamed(found.server, record.backupId)
  }

  @FieldResolver(() => OperationType, { description: 'The operation that began it.' })
  operation(@Root() { record }: RecoveryType, @Ctx() context: ApiContext): Promise<OperationType> {
    return operationNamed(context, record.id)
  }

  @FieldResolver(() => OperationType, {
    description: 'The operation that last changed it: the one that began it, cut it over, undid or discarded it.',
  })
  lastOperation(@Root() { record }: RecoveryType, @Ctx() context: ApiContext): Promise<OperationType> {
    return operationNamed(context, record.operationId)
  }
}

async function operationNamed({ memo }: ApiContext, id: string): Promise<OperationType> {
  const record = await memo.operation(id)
  if (record === null) throw new NotFoundError(`there is no operation ${id}`)
  return new OperationType(record)
}
