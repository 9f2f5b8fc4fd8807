import { Field, ID, InterfaceType } from 'type-graphql'

@InterfaceType('Node', {
  description: 'Anything with a readable id that stays the same, to be read again with node(id:).',
})
export abstract class NodeType {
  @Field(() => ID, { description: 'Type and name, e.g. "PostgresNode:patroni/db2". Stable.' })
  readonly id!: string
}
