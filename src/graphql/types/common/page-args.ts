import { ArgsType, Field, Int } from 'type-graphql'
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from './connection.ts'

const SIZE = `0 to ${MAX_PAGE_SIZE}; ${DEFAULT_PAGE_SIZE} when neither first nor last is given.`

@ArgsType()
export class PageArgs {
  @Field(() => Int, { nullable: true, description: `How many from the start, or after cursor \`after\`: ${SIZE}` })
  first?: number | null

  @Field(() => String, { nullable: true, description: 'A cursor: start after it.' })
  after?: string | null

  @Field(() => Int, { nullable: true, description: `How many from the end, or before \`before\`: ${SIZE}` })
  last?: number | null

  @Field(() => String, { nullable: true, description: 'A cursor: end before it.' })
  before?: string | null
}
