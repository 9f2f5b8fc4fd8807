import { IsIn, IsOptional } from 'class-validator'
import { Field, InputType } from 'type-graphql'
import { BackupInput } from '../backup-inputs.ts'

@InputType({ description: 'Which backup to delete.' })
export class DeleteBackupInput extends BackupInput {
  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Delete the incremental backups that build on it as well: without it they are worth nothing.',
  })
  @IsOptional()
  @IsIn([true, false])
  withChildren?: boolean | null

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description:
      'A backup that is STARTED was left by a crash and no process makes it. Barman refuses nevertheless while it makes one.',
  })
  @IsOptional()
  @IsIn([true, false])
  abandoned?: boolean | null
}
