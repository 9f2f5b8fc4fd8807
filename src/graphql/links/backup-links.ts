import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql'
import { backupKey } from '../../domain/backup/verification.ts'
import { ClusterView } from '../../domain/cluster/cluster-view.ts'
import { backupServerNamed } from '../lookup.ts'
import type { ApiContext } from '../request-context.ts'
import { BaseBackupType } from '../types/backup/backup.ts'
import { BackupServerType } from '../types/backup/backup-server.ts'
import { VerificationType } from '../types/common/verification.ts'
import { OperationType } from '../types/operation/operation.ts'

/** Fields of a backup that lead back to types which lead to backups. */
@Resolver(() => BaseBackupType)
export class BackupLinks {
  @FieldResolver(() => BackupServerType, { description: 'The Barman server that holds it.' })
  server(@Root() backup: BaseBackupType, @Ctx() { deps }: ApiContext): BackupServerType {
    const { cluster, server } = backupServerNamed(deps, backup.archive)
    return new BackupServerType(ClusterView.of(cluster), server)
  }

  @FieldResolver(() => OperationType, {
    nullable: true,
    description:
      'The operation that made it. Null when it was not made here, or is not among the newest 500 that were.',
  })
  async operation(@Root() backup: BaseBackupType, @Ctx() { memo }: ApiContext): Promise<OperationType | null> {
    const record = await memo.backupOperation(backup.archive, backup.backupId)
    return record === null ? null : new OperationType(record)
  }

  @FieldResolver(() => VerificationType, {
    nullable: true,
    description:
      'How it was last verified by verifyBackup. Null until it was, or when that is not among the newest 500 verifications.',
  })
  async lastVerification(
    @Root() backup: BaseBackupType,
    @Ctx() { memo }: ApiContext,
  ): Promise<VerificationType | null> {
    const { cluster, name } = backup.archive
    return (await memo.verifications()).get(backupKey(cluster, name, backup.backupId)) ?? null
  }
}
