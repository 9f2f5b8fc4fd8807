import { type DocumentNode, GraphQLError, type GraphQLSchema, parse, validate } from 'graphql'
import type { Limits } from '../../config/configuration.ts'
import type { CheckLimits } from './request-limits.ts'

/** What a client has sent. */
export interface SentDocument {
  readonly query: string
  readonly operationName?: string | null | undefined
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined
}

/** Documents that were parsed and found valid, for transports that Apollo does not serve. */
export type PrepareDocument = (sent: SentDocument) => PreparedDocument

export type PreparedDocument =
  | { readonly document: DocumentNode; readonly errors: null }
  | { readonly document: null; readonly errors: readonly GraphQLError[] }

const CACHED_DOCUMENTS = 500
const CACHED_DOCUMENT_CHARACTERS = 20_000

/** Parses and validates as Apollo does; what is valid is kept, the least recently used goes first. */
export function createDocumentPreparer(
  schema: GraphQLSchema,
  limits: Limits,
  checkLimits: CheckLimits,
): PrepareDocument {
  const cache = new Map<string, DocumentNode>()

  function keep(source: string, document: DocumentNode): void {
    if (source.length > CACHED_DOCUMENT_CHARACTERS) return
    cache.set(source, document)
    for (const oldest of cache.keys()) {
      if (cache.size <= CACHED_DOCUMENTS) return
      cache.delete(oldest)
    }
  }

  function prepare(source: string): PreparedDocument {
    const known = cache.get(source)
    if (known !== undefined) {
      cache.delete(source)
      cache.set(source, known)
      return { document: known, errors: null }
    }
    try {
      const document = parse(source, { maxTokens: limits.maxTokens })
      const errors = validate(schema, document)
      if (errors.length > 0)
        return { document: null, errors: errors.map((error) => coded(error, 'GRAPHQL_VALIDATION_FAILED')) }
      keep(source, document)
      return { document, errors: null }
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error
      return { document: null, errors: [coded(error, 'GRAPHQL_PARSE_FAILED')] }
    }
  }

  return ({ query, operationName = null, variables = null }) => {
    const prepared = prepare(query)
    if (prepared.document === null) return prepared
    const errors = checkLimits({ document: prepared.document, operationName, variables })
    return errors.length === 0 ? prepared : { document: null, errors }
  }
}

function coded(error: GraphQLError, code: string): GraphQLError {
  const { message, nodes, source, positions } = error
  return new GraphQLError(message, {
    ...(nodes === undefined ? {} : { nodes }),
    ...(source === undefined ? {} : { source }),
    ...(positions === undefined ? {} : { positions }),
    extensions: { code, ...error.extensions },
  })
}
