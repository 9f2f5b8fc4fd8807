import { IsIn, IsOptional } from 'class-validator'
import { Field, InputType } from 'type-graphql'
import { NodeOperationInput } from '../node-operation-input.ts'

@InputType({ description: 'Which replica to reinitialize.' })
export class ReinitializeNodeInput extends NodeOperationInput {
  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Cancel what Patroni is doing on the node, such as a copy that hangs, and start over.',
  })
  @IsOptional()
  @IsIn([true, false])
  force?: boolean | null
}
