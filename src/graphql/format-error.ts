import { GraphQLError, type GraphQLFormattedError } from 'graphql'
import { HowdahError } from '../domain/errors.ts'
import { tooComplex } from './too-complex.ts'

/** As graphql-js has it, which stops reading there. */
const TOO_MANY_TOKENS = /^Syntax Error: Document contains more tha[nt] (\d+) tokens/

/** Receives unexpected errors; their text never leaves the process. */
export type UnexpectedErrorListener = (error: unknown) => void

/** A request that the caller has to change. */
export function badUserInput(
  message: string,
  fix?: { readonly remedy: string; readonly field: string | null },
): GraphQLError {
  const hints = fix === undefined ? {} : { remedy: fix.remedy, retryable: false, field: fix.field }
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', ...hints } })
}

/**
 * The one form in which errors leave, on every transport: `extensions.code` always, no stack trace, no input echoed.
 * HowdahError: its code, remedy and retryable. Anything unexpected: INTERNAL_SERVER_ERROR.
 */
export function formatGraphQLError(
  formatted: GraphQLFormattedError,
  error: unknown,
  onUnexpected: UnexpectedErrorListener,
): GraphQLFormattedError {
  const cause = causeOf(error)
  const tokens = TOO_MANY_TOKENS.exec(formatted.message)
  if (tokens !== null) {
    const { message, extensions } = tooComplex(`The document has more than ${tokens[1]} tokens`, {
      limit: Number(tokens[1]),
      found: null,
    })
    return { message, extensions }
  }
  const { locations, path } = formatted
  const place = { ...(locations === undefined ? {} : { locations }), ...(path === undefined ? {} : { path }) }
  if (cause instanceof HowdahError) {
    const { code, remedy, retryable } = cause
    return { message: cause.message, ...place, extensions: { code, remedy, retryable } }
  }
  // With a path, a resolver ran: there a GraphQL error without a code is a fault of the API's own.
  if (cause instanceof GraphQLError && (path === undefined || cause.extensions['code'] !== undefined)) {
    const { stacktrace: _, ...extensions } = formatted.extensions ?? {}
    return { message: formatted.message, ...place, extensions: { code: 'BAD_USER_INPUT', ...extensions } }
  }
  onUnexpected(cause)
  return { message: 'Internal server error', ...place, extensions: { code: 'INTERNAL_SERVER_ERROR', retryable: false } }
}

function causeOf(error: unknown): unknown {
  let cause = error
  while (cause instanceof GraphQLError && cause.originalError !== undefined) cause = cause.originalError
  return cause
}
