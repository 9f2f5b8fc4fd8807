import { IsIn, IsOptional } from 'class-validator'
import { Field, InputType } from 'type-graphql'
import { OperationInput } from '../../operation-input.ts'

@InputType({ description: 'Which nodes a rolling restart is about.' })
export class RestartClusterInput extends OperationInput {
  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Only nodes where a changed parameter waits for a restart; when none does, nothing is done.',
  })
  @IsOptional()
  @IsIn([true, false])
  pendingOnly?: boolean | null

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Also while a base backup runs, which then fails, and while a node is away, which is left out.',
  })
  @IsOptional()
  @IsIn([true, false])
  force?: boolean | null
}
