import { ApolloArmor } from '@escape.tech/graphql-armor'
import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  parse,
  specifiedRules,
  type ValidationRule,
  validate,
} from 'graphql'
import type { Limits } from '../../config/configuration.ts'

/** Documents that were parsed and found valid, for transports that Apollo does not serve. */
export type PrepareDocument = (source: string) => PreparedDocument

export type PreparedDocument =
  | { readonly document: DocumentNode; readonly errors: null }
  | { readonly document: null; readonly errors: readonly GraphQLError[] }

const CACHED_DOCUMENTS = 500
const CACHED_DOCUMENT_CHARACTERS = 20_000

/** Depth, cost, aliases and directives: the same rules for every transport. */
export function limitRules(limits: Limits): ValidationRule[] {
  const armor = new ApolloArmor({
    maxDepth: { n: limits.maxDepth, flattenFragments: true },
    costLimit: { maxCost: limits.maxCost, flattenFragments: true },
    maxAliases: { n: limits.maxAliases },
    // Both are Apollo plugins: the parser counts tokens, and suggestions stay, as every caller here has a token.
    maxTokens: { enabled: false },
    blockFieldSuggestion: { enabled: false },
  })
  return armor.protect().validationRules
}

/** Parses and validates as Apollo does; what is valid is kept, the least recently used goes first. */
export function createDocumentPreparer(schema: GraphQLSchema, limits: Limits): PrepareDocument {
  const rules = [...specifiedRules, ...limitRules(limits)]
  const cache = new Map<string, DocumentNode>()

  function keep(source: string, document: DocumentNode): void {
    if (source.length > CACHED_DOCUMENT_CHARACTERS) return
    cache.set(source, document)
    for (const oldest of cache.keys()) {
      if (cache.size <= CACHED_DOCUMENTS) return
      cache.delete(oldest)
    }
  }

  return (source) => {
    const known = cache.get(source)
    if (known !== undefined) {
      cache.delete(source)
      cache.set(source, known)
      return { document: known, errors: null }
    }
    try {
      const document = parse(source, { maxTokens: limits.maxTokens })
      const errors = validate(schema, document, rules)
      if (errors.length > 0)
        return { document: null, errors: errors.map((error) => coded(error, 'GRAPHQL_VALIDATION_FAILED')) }
      keep(source, document)
      return { document, errors: null }
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error
      return { document: null, errors: [coded(error, 'GRAPHQL_PARSE_FAILED')] }
    }
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
