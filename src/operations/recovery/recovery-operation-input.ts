import { IsIn, IsOptional, Matches } from 'class-validator'
import { Field, InputType } from 'type-graphql'
import { OperationInput } from '../operation-input.ts'

/** What an operation on one recovery that is there takes. */
@InputType()
export abstract class RecoveryOperationInput extends OperationInput {
  @Field(() => String, {
    description: 'Id of the recovery, bare or as Recovery.id has it: "Recovery:20261122T171311042-3f9a1c".',
  })
  @Matches(/^(?:Recovery:)?[A-Za-z0-9-]{1,60}$/, {
    message: 'recovery: the id of a recovery, e.g. Recovery:20261122T171311042-3f9a1c',
  })
  recovery!: string
}

/** What puts recovered data in the place of the cluster takes. */
@InputType()
export abstract class CutOverInput extends RecoveryOperationInput {
  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description:
      'Although its verification failed, or a replica does not answer: that one is left out, and made a replica when it is started.',
  })
  @IsOptional()
  @IsIn([true, false])
  force?: boolean | null
}
