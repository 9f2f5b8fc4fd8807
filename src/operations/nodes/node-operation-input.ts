import { Length } from 'class-validator'
import { Field, InputType } from 'type-graphql'
import { OperationInput } from '../operation-input.ts'

/** An operation on one PostgreSQL node. */
@InputType()
export abstract class NodeOperationInput extends OperationInput {
  @Field(() => String, { description: 'Name of the node, as cluster.nodes has it: "db2".' })
  @Length(1, 63)
  node!: string
}
