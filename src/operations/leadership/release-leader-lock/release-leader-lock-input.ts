import { Length } from 'class-validator'
import { Field, InputType } from 'type-graphql'
import { OperationInput } from '../../operation-input.ts'

@InputType({ description: 'Which leader is dead.' })
export class ReleaseLeaderLockInput extends OperationInput {
  @Field(() => String, { description: 'The node that holds the lock and whose container has ended.' })
  @Length(1, 63)
  node!: string
}
