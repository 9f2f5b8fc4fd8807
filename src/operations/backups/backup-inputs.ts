import { IsOptional, Length, Matches } from 'class-validator'
import { Field, InputType } from 'type-graphql'
import { BackupType, KeepTarget } from '../../domain/backup/backup.ts'
import { describeEnum } from '../describe-enum.ts'
import { OperationInput } from '../operation-input.ts'

describeEnum(BackupType, 'BackupType', 'What a base backup holds.', {
  FULL: 'The whole data directory.',
  INCREMENTAL: 'What changed since its parent (PostgreSQL 17, `summarize_wal`).',
})
describeEnum(KeepTarget, 'KeepTarget', 'What a backup is kept for.', {
  FULL: 'Recovery to any later point: all WAL that follows it is kept as well.',
  STANDALONE: 'Recovery to its own end alone: only the WAL that it needs for that is kept.',
})

/** What every operation on a Barman server takes. */
@InputType()
export abstract class BackupServerInput extends OperationInput {
  @Field(() => String, { nullable: true, description: "Barman server; the cluster's own when left out." })
  @IsOptional()
  @Length(1, 63)
  server?: string | null
}

/** What every operation on one backup takes. */
@InputType()
export abstract class BackupInput extends BackupServerInput {
  @Field(() => String, { description: 'Barman\'s id of the backup, e.g. "20261122T171311".' })
  @Matches(/^\d{8}T\d{6}$/, { message: 'backupId: an id such as 20261122T171311' })
  backupId!: string
}
