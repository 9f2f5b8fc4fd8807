import { ApolloArmor } from '@escape.tech/graphql-armor'
import {
  type DocumentNode,
  type GraphQLError,
  type GraphQLSchema,
  getNamedType,
  getOperationAST,
  getVariableValues,
  type ValidationContext,
  type ValidationRule,
  validate,
} from 'graphql'
import { type ComplexityEstimator, getComplexity } from 'graphql-query-complexity'
import type { Limits } from '../../config/configuration.ts'
import { tooComplex } from '../too-complex.ts'
import { DEFAULT_PAGE_SIZE } from '../types/common/connection.ts'

/** A valid document, and how it is to be run. */
export interface AskedFor {
  readonly document: DocumentNode
  readonly operationName: string | null
  readonly variables: Readonly<Record<string, unknown>> | null
}

/** Empty where it may be run. */
export type CheckLimits = (asked: AskedFor) => readonly GraphQLError[]

/** Depth, aliases and directives of a document, and what it weighs with its variables: the same for every transport. */
export function createLimitCheck(schema: GraphQLSchema, limits: Limits): CheckLimits {
  const rules = documentRules(limits)
  const passed = new WeakSet<DocumentNode>()
  return (asked) => {
    const { document } = asked
    if (!passed.has(document)) {
      const errors = validate(schema, document, rules)
      if (errors.length > 0) return errors
      passed.add(document)
    }
    return checkWeight(schema, asked, limits.maxCost)
  }
}

function documentRules(limits: Limits): ValidationRule[] {
  const rejection = { propagateOnRejection: false, onReject: [reportTooComplex] }
  const armor = new ApolloArmor({
    maxDepth: { n: limits.maxDepth, flattenFragments: true, ...rejection },
    maxAliases: { n: limits.maxAliases, ...rejection },
    maxDirectives: rejection,
    // It does not see variables.
    costLimit: { enabled: false },
    // Both are Apollo plugins: the parser counts tokens, and suggestions stay, as every caller here has a token.
    maxTokens: { enabled: false },
    blockFieldSuggestion: { enabled: false },
  })
  return armor.protect().validationRules
}

/** "Syntax Error: Query depth limit of 12 exceeded, found 13.": it is none. */
function reportTooComplex(context: ValidationContext | null, { message }: GraphQLError): void {
  const [, limit, found] = /limit of (\d+) exceeded, found (\d+)/.exec(message)?.map(Number) ?? []
  const counts = { limit: limit ?? null, found: found ?? null }
  context?.reportError(tooComplex(message.replace(/^Syntax Error: /, ''), counts))
}

function checkWeight(schema: GraphQLSchema, asked: AskedFor, limit: number): GraphQLError[] {
  const { document, operationName } = asked
  const operation = getOperationAST(document, operationName)
  // Which one is meant, and what is wrong with the variables, is said by the execution.
  if (operation == null) return []
  const variables = asked.variables ?? {}
  if (getVariableValues(schema, operation.variableDefinitions ?? [], variables).errors !== undefined) return []
  const found = getComplexity({
    schema,
    query: document,
    variables,
    estimators: [weigh],
    ...(operation.name === undefined ? {} : { operationName: operation.name.value }),
  })
  return found <= limit ? [] : [tooComplex(`The request weighs ${found}, and the limit is ${limit}`, { limit, found })]
}

/** A field weighs 1 and what is asked for below it; a page, that for each of its rows. */
const weigh: ComplexityEstimator = ({ args, childComplexity, field }) => {
  const isPage = getNamedType(field.type).name.endsWith('Connection')
  return 1 + childComplexity * (isPage ? rowsOf(args) : 1)
}

function rowsOf({ first, last }: { readonly [name: string]: unknown }): number {
  const rows = first ?? last ?? DEFAULT_PAGE_SIZE
  return typeof rows === 'number' ? Math.max(0, rows) : DEFAULT_PAGE_SIZE
}
