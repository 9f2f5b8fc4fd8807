import { readFileSync } from 'node:fs'
import { buildSchema, type GraphQLSchema, parse, parseValue, validate, valueFromASTUntyped } from 'graphql'

/** One mutation as a remedy shows it, `discardRecovery(input: {recovery: "r1"})`. */
export interface RemedyCall {
  readonly text: string
  readonly name: string
  readonly args: Readonly<Record<string, unknown>>
}

/** Not what is to be looked at: `cluster.service(name: "barman")`. */
const CALL = /(?<![.\w])([a-z][A-Za-z]+)\((\w+: (?:"[^"]*"|[^()"])*)\)/g

/** Every call in a remedy. Throws where its arguments do not parse. */
export function callsIn(remedy: string | null): RemedyCall[] {
  return [...(remedy ?? '').matchAll(CALL)].map(([text, name = '', args = '']) => ({
    text,
    name,
    args: valueFromASTUntyped(parseValue(`{${args}}`)) as Record<string, unknown>,
  }))
}

/** Why the schema does not take a call; empty when it does. */
export function faultsOf({ text }: RemedyCall, schema: GraphQLSchema): string[] {
  return validate(schema, parse(`mutation { ${text} { refusals { code } } }`)).map(({ message }) => message)
}

export function committedSchema(): GraphQLSchema {
  return buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'))
}
