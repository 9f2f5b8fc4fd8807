import {
  createSourceEventStream,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  type FormattedExecutionResult,
  type GraphQLError,
  type GraphQLFormattedError,
} from 'graphql'
import { formatGraphQLError, type UnexpectedErrorListener } from '../format-error.ts'
import { type ApiContext, type ApiDependencies, createContext } from '../request-context.ts'

/** What a transport gives to a request: GraphQL's own arguments with our context. */
export interface OperationArguments extends ExecutionArgs {
  readonly contextValue: ApiContext
}

/** The answers of a subscription, one an event. */
export type Results = AsyncIterableIterator<ExecutionResult>

/**
 * Subscribes as graphql-js does, with two differences. Each event has a context of its own, so that what one event has
 * read is not taken for the next. And `return()` reaches the source at once, even while a value is awaited.
 */
export async function subscribeToOperation(
  deps: ApiDependencies,
  args: OperationArguments,
): Promise<Results | ExecutionResult> {
  const source = await createSourceEventStream(args)
  if (!(Symbol.asyncIterator in source)) return source
  const events = source[Symbol.asyncIterator]()
  const results: Results = {
    async next() {
      const { done, value: rootValue } = await events.next().catch(async (error: unknown) => {
        // The consumer takes an error for the end; the source may still hold something.
        await events.return?.()
        throw error
      })
      if (done === true) return { done, value: undefined }
      const contextValue = createContext(deps, args.contextValue.actor)
      return { done: false, value: await execute({ ...args, rootValue, contextValue }) }
    },
    async return() {
      await events.return?.()
      return { done: true, value: undefined }
    },
    // Never called, but graphql-sse ends only what has it.
    async throw(error) {
      await events.return?.()
      throw error
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
  return results
}

/** Puts errors into the form in which they leave. */
export class ErrorFormatter {
  readonly #onUnexpected: UnexpectedErrorListener

  constructor(onUnexpected: UnexpectedErrorListener) {
    this.#onUnexpected = onUnexpected
  }

  error(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
    return formatGraphQLError(formatted, error, this.#onUnexpected)
  }

  errors(errors: readonly GraphQLError[]): GraphQLFormattedError[] {
    return errors.map((error) => this.error(error.toJSON(), error))
  }

  result({ errors, ...rest }: ExecutionResult): FormattedExecutionResult {
    return errors === undefined ? rest : { errors: this.errors(errors), ...rest }
  }
}
