import { IsIn, IsOptional, Matches } from 'class-validator'
import { Field, InputType } from 'type-graphql'
import { BackupType } from '../../../domain/backup/backup.ts'
import { BackupServerInput } from '../backup-inputs.ts'
import '../backup-enums.ts'

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
