import { IsOptional, Length, Matches } from 'class-validator'
import { Field, InputType } from 'type-graphql'
import { OperationInput } from '../operation-input.ts'

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
