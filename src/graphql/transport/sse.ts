import type { ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type ExecutionResult, execute, GraphQLError, type GraphQLSchema } from 'graphql'
import { createHandler } from 'graphql-sse'
import type { Limits } from '../../config/configuration.ts'
import { type ApiContext, type ApiDependencies, createContext } from '../request-context.ts'
import type { PrepareDocument } from './documents.ts'
import { EventFlow } from './event-flow.ts'
import { type ErrorFormatter, type Results, subscribeToOperation } from './subscribe.ts'

export interface SseOptions {
  readonly schema: GraphQLSchema
  readonly deps: ApiDependencies
  readonly limits: Limits
  readonly prepare: PrepareDocument
  readonly errors: ErrorFormatter
}

interface Sending {
  readonly context: ApiContext
  readonly flow: EventFlow
}

/**
 * GraphQL over server-sent events, one connection an operation. A reader that takes nothing for
 * `slowSubscriberSeconds` has its connection destroyed.
 */
export function createSseHandler({ schema, deps, limits, prepare, errors }: SseOptions) {
  const open = new Set<EventFlow>()
  const handle = createHandler<FastifyRequest, Sending, ApiContext & OperationContext>({
    // No stream is kept for later requests: each has a connection of its own.
    authenticate: () => null,
    validate: () => [],
    onSubscribe({ context: { context } }, { query, operationName, variables }) {
      const { document, errors: found } = prepare({ query, operationName, variables })
      // `data` makes it a result for graphql-sse; it is not sent.
      if (document === null) return { data: undefined, errors: found } as unknown as ExecutionResult
      const args = { schema, document, operationName: operationName ?? null, variableValues: variables ?? null }
      return { ...args, contextValue: { ...context } }
    },
    execute: (args) => execute(args),
    subscribe: async (args) => endWithError(await subscribeToOperation(deps, args)),
    async onNext(_context, { context: { flow } }, result) {
      await flow.room()
      return errors.result(result as ExecutionResult) as ExecutionResult
    },
  })

  async function serve(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const flow = new EventFlow(limits.slowSubscriberSeconds * 1000)
    const [body, init] = await handle({
      method: request.method,
      url: request.url,
      headers: { get: (name) => (name === 'accept' ? 'text/event-stream' : single(request.headers[name])) },
      body: () => (request.body as Record<string, unknown> | null | undefined) ?? null,
      raw: request,
      context: { context: createContext(deps, request.actor), flow },
    })
    reply.hijack()
    const response: ServerResponse = reply.raw
    response.writeHead(init.status, init.statusText, init.headers)
    if (body === null || typeof body === 'string') {
      response.end(body ?? undefined)
      return
    }
    open.add(flow)
    await flow.pump(body, response).finally(() => open.delete(flow))
  }

  return {
    serve,
    /** Ends every stream. */
    close: () => Promise.all([...open].map((flow) => flow.end())),
  }
}

type OperationContext = Record<PropertyKey, unknown>

/** graphql-sse drops what an iterator throws: the last event carries it instead. */
function endWithError(results: Results | ExecutionResult): Results | ExecutionResult {
  if (!(Symbol.asyncIterator in results)) return results
  let failed = false
  const ending: Results = {
    async next() {
      if (failed) return { done: true, value: undefined }
      try {
        return await results.next()
      } catch (error) {
        failed = true
        const originalError = error instanceof Error ? error : new Error(String(error))
        return { done: false, value: { errors: [new GraphQLError(originalError.message, { originalError })] } }
      }
    },
    return: async () => (await results.return?.()) ?? { done: true, value: undefined },
    throw: async (error) => (await results.throw?.(error)) ?? { done: true, value: undefined },
    [Symbol.asyncIterator]() {
      return this
    },
  }
  return ending
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header
}
