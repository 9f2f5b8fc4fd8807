import { GraphQLError } from 'graphql'
import { type ClassType, Field, Int, ObjectType } from 'type-graphql'
import type { RequestMemo } from '../../request-memo.ts'

export const DEFAULT_PAGE_SIZE = 20
export const MAX_PAGE_SIZE = 500

/** The arguments of a connection, as Relay names them. */
export interface PageArguments {
  readonly first?: number | null
  readonly after?: string | null
  readonly last?: number | null
  readonly before?: string | null
}

/** One direction of reading, and how far. */
export interface PageRequest {
  readonly limit: number
  /** Exclusive. */
  readonly cursor: string | null
  /** From the end of the list towards its start. The page itself keeps the list's order. */
  readonly backward: boolean
}

export interface Connection<N> {
  readonly edges: readonly { readonly cursor: string; readonly node: N }[]
  readonly pageInfo: PageInfo
  readonly totalCount?: number | null
}

interface PageInfo {
  readonly hasNextPage: boolean
  readonly hasPreviousPage: boolean
  readonly startCursor: string | null
  readonly endCursor: string | null
}

/** Checks the arguments and charges the page to the request; throws BAD_USER_INPUT. */
export function readPage({ first, after, last, before }: PageArguments, memo: RequestMemo): PageRequest {
  const backward = last != null || (before != null && first == null)
  if (first != null && last != null) throw badPage('Give first (with after) or last (with before), not both.')
  if (backward ? after != null : before != null) throw badPage('after goes with first, before with last.')
  const limit = (backward ? last : first) ?? DEFAULT_PAGE_SIZE
  if (limit < 0 || limit > MAX_PAGE_SIZE) {
    throw badPage(`${backward ? 'last' : 'first'} is ${limit}; it must be from 0 to ${MAX_PAGE_SIZE}.`)
  }
  memo.spendRows(limit)
  return { limit, cursor: (backward ? before : after) ?? null, backward }
}

export function toConnection<N>(
  edges: Connection<N>['edges'],
  hasNextPage: boolean,
  hasPreviousPage: boolean,
  totalCount: number | null = null,
): Connection<N> {
  const startCursor = edges[0]?.cursor ?? null
  const endCursor = edges[edges.length - 1]?.cursor ?? null
  return { edges, totalCount, pageInfo: { hasNextPage, hasPreviousPage, startCursor, endCursor } }
}

/**
 * A page of a list that is whole in memory, newest first, whose cursors are ids that begin with the time. A cursor is a place
 * in time: it holds when what it names is gone.
 */
export function cutPage<T, N>(
  newestFirst: readonly T[],
  { limit, cursor, backward }: PageRequest,
  idOf: (each: T) => string,
  nodeOf: (each: T) => N,
): Connection<N> {
  const at = cursor ?? ''
  const found = newestFirst.findIndex((each) => (backward ? idOf(each) <= at : idOf(each) < at))
  const end = found === -1 ? newestFirst.length : found
  const from = backward ? Math.max(0, end - limit) : cursor === null ? 0 : end
  const to = backward ? end : Math.min(newestFirst.length, from + limit)
  const edges = newestFirst.slice(from, to).map((each) => ({ cursor: idOf(each), node: nodeOf(each) }))
  return toConnection(edges, to < newestFirst.length, from > 0, newestFirst.length)
}

function badPage(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } })
}

@ObjectType('PageInfo', {
  description: 'Whether a list goes on on either side of a page, as Relay has it.',
  simpleResolvers: true,
})
export class PageInfoType {
  @Field(() => Boolean, { description: 'Whether more follows after endCursor.' })
  hasNextPage!: boolean

  @Field(() => Boolean, { description: 'Whether something comes before startCursor.' })
  hasPreviousPage!: boolean

  @Field(() => String, { nullable: true, description: 'Cursor of the first edge; null on an empty page.' })
  startCursor!: string | null

  @Field(() => String, { nullable: true, description: 'Cursor of the last edge; null on an empty page.' })
  endCursor!: string | null
}

/** Makes `<name>Connection` and `<name>Edge`. */
export function connectionType<N extends object>(
  name: string,
  node: () => ClassType<N> | (abstract new (...args: never[]) => N),
  texts: { readonly order: string; readonly cursor: string; readonly counted?: boolean },
): ClassType<Connection<N>> {
  @ObjectType(`${name}Edge`, { description: `A ${name} and its place in the list.`, simpleResolvers: true })
  class Edge {
    @Field(() => String, { description: `${texts.cursor} Continue from it with after (or before).` })
    cursor!: string

    @Field(node, { description: `The ${name}.` })
    node!: N
  }

  @ObjectType(`${name}Connection`, { description: `A page of a list: ${texts.order}.`, simpleResolvers: true })
  class Page {
    @Field(() => [Edge], { description: texts.order })
    edges!: Edge[]

    @Field(() => PageInfoType, { description: 'Whether there is more.' })
    pageInfo!: PageInfoType
  }

  if (texts.counted === true) {
    Field(() => Int, {
      nullable: true,
      description: 'All that pass the filter; null where counting would cost too much.',
    })(Page.prototype, 'totalCount')
  }
  return Page
}
