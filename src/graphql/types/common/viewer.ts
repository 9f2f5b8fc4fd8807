import { Field, ObjectType } from 'type-graphql'
import { Role, type TokenOwner } from '../../../domain/operation/operation.ts'

@ObjectType('Viewer', { description: 'Who the token says you are, and what you may do.', simpleResolvers: true })
export class ViewerType implements TokenOwner {
  @Field(() => String, { description: "The token's name: `requestedBy` of your operations." })
  name!: string

  @Field(() => Role, { description: "The token's role." })
  role!: Role

  @Field(() => [String], {
    description: 'The mutations that you may call, by name. Queries and subscriptions are open to every token.',
  })
  permissions!: readonly string[]
}
