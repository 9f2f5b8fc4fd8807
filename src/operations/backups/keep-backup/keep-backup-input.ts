import { IsIn } from 'class-validator'
import { Field, InputType } from 'type-graphql'
import { KeepTarget } from '../../../domain/backup/backup.ts'
import { BackupInput } from '../backup-inputs.ts'
import '../backup-enums.ts'

@InputType({ description: 'Which backup to keep, and for what.' })
export class KeepBackupInput extends BackupInput {
  @Field(() => KeepTarget, { description: 'What it is kept for.' })
  @IsIn(Object.values(KeepTarget))
  target!: KeepTarget
}
