import { IsIn, IsOptional, Matches } from 'class-validator'
import { Field, InputType } from 'type-graphql'
import { BackupType } from '../../../domain/backup/backup.ts'
import { SnapshotPart } from '../../../domain/cluster/snapshot-part.ts'
import { exclusive, resources, shared } from '../../claims.ts'
import { defineOperation } from '../../define-operation.ts'
import { BackupServerInput } from '../backup-inputs.ts'
import { serverName } from '../find-server.ts'
import { checkCreateBackup } from './check-create-backup.ts'
import { planCreateBackup } from './plan-create-backup.ts'
import { takeBackup } from './take-backup.ts'
import { waitForWals } from './wait-for-wals.ts'

@InputType({ description: 'Which base backup to take.' })
export class CreateBackupInput extends BackupServerInput {
  @Field(() => BackupType, {
    nullable: true,
    defaultValue: BackupType.FULL,
    description: 'FULL copies everything; INCREMENTAL what changed since `parent`.',
  })
  @IsOptional()
  @IsIn(Object.values(BackupType))
  type?: BackupType | null

  @Field(() => String, {
    nullable: true,
    description: 'Parent of an INCREMENTAL: a Barman backup id, or "latest" (the default).',
  })
  @IsOptional()
  @Matches(/^(latest|\d{8}T\d{6})$/, { message: 'parent: a backup id such as 20261122T171311, or "latest"' })
  parent?: string | null

  @Field(() => String, {
    nullable: true,
    description:
      'A name for people, unique to the server: a letter, then up to 63 of A-Z a-z 0-9 . _ -; none of the words that Barman keeps for itself (latest, oldest, first, last, last-failed, latest-full, last-full, auto).',
  })
  @IsOptional()
  @Matches(/^(?!(?:latest|oldest|first|last|last-failed|latest-full|last-full|auto)$)[A-Za-z][A-Za-z0-9._-]{0,63}$/, {
    message: 'name: a letter, then up to 63 of A-Z a-z 0-9 . _ -, and none of the words that Barman keeps for itself',
  })
  name?: string | null

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: true,
    description: 'Also wait until the WAL that the backup needs is in the archive: only then can it be restored.',
  })
  @IsOptional()
  @IsIn([true, false])
  waitForWals?: boolean | null
}

export default defineOperation<CreateBackupInput>({
  name: 'createBackup',
  title: 'Create a base backup',
  description:
    'Takes a base backup with Barman while the cluster serves. Progress in bytes, from pg_stat_progress_basebackup on the leader. Replaces `barman backup`.',
  input: CreateBackupInput,
  claims: (context) => [
    exclusive(resources.backupRun(serverName(context))),
    shared(resources.backups(serverName(context))),
    shared(resources.leader),
  ],
  // Nothing in it does harm, and a backup is wanted most while etcd is ill.
  fenced: false,
  destructive: false,
  check: checkCreateBackup,
  plan: planCreateBackup,
  changes: [SnapshotPart.BACKUPS, SnapshotPart.WAL],
  steps: [takeBackup, waitForWals],
  result: (context) => {
    const backupId = context.state()['backupId']
    return typeof backupId === 'string' ? { type: 'Backup', scope: serverName(context), name: backupId } : null
  },
})
