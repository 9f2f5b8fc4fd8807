import { IsIn, IsOptional } from 'class-validator'
import { Field, InputType } from 'type-graphql'
import { RecoveryOperationInput } from '../recovery-operation-input.ts'

@InputType({ description: 'Which recovery to discard.' })
export class DiscardRecoveryInput extends RecoveryOperationInput {
  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description:
      'Remove what a cut-over has kept on the node, so that it can no longer be undone: with `confirm`, the name of the cluster.',
  })
  @IsOptional()
  @IsIn([true, false])
  previousData?: boolean | null
}
