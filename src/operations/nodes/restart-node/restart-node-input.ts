import { IsIn, IsOptional } from 'class-validator'
import { Field, InputType } from 'type-graphql'
import { NodeOperationInput } from '../node-operation-input.ts'

@InputType({ description: 'Which node to restart PostgreSQL on.' })
export class RestartNodeInput extends NodeOperationInput {
  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Only if a changed parameter waits for a restart; when none does, nothing is done.',
  })
  @IsOptional()
  @IsIn([true, false])
  pendingOnly?: boolean | null

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Restart the leader although a base backup of it runs, which then fails.',
  })
  @IsOptional()
  @IsIn([true, false])
  force?: boolean | null
}
