import type { AddressInfo } from 'node:net'
import { fastifyApolloHandler } from '@as-integrations/fastify'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { ApiToken, HttpConfiguration, Limits } from '../config/configuration.ts'
import type { Actor } from '../domain/operation/operation.ts'
import { type ApiDependencies, createContext } from './request-context.ts'
import { buildApiSchema } from './schema.ts'
import { createApollo } from './transport/apollo.ts'
import { createAuthenticator } from './transport/authenticate.ts'
import { actorOf, callerOf } from './transport/caller.ts'
import { limitConnections, RETRY_AFTER_SECONDS } from './transport/connection-limit.ts'
import { createDocumentPreparer } from './transport/documents.ts'
import { createLimitCheck } from './transport/request-limits.ts'
import { createSseHandler } from './transport/sse.ts'
import { ErrorFormatter } from './transport/subscribe.ts'
import { wantsEvents } from './transport/wants-events.ts'
import { attachWebSockets } from './transport/websocket.ts'

export interface ApiServerOptions {
  readonly deps: ApiDependencies
  readonly tokens: readonly ApiToken[]
  readonly limits: Limits
  /** `/metrics`, for any token. */
  readonly metrics: { scrape(): Promise<string>; readonly contentType: string }
  /** Whether requests can be answered from what is known: `/ready`. */
  readonly isReady: () => boolean
  /** Called with unexpected errors; callers see "Internal server error". */
  readonly onUnexpectedError: (error: unknown) => void
}

export interface ApiServer {
  /** Resolves with where it listens, e.g. "http://127.0.0.1:4000". */
  listen(where: HttpConfiguration): Promise<string>
  /** Ends subscriptions (WebSocket: 1001), lets requests finish for at most `graceMs`, then closes what is left. */
  close(graceMs?: number): Promise<void>
}

declare module 'fastify' {
  interface FastifyRequest {
    actor: Actor
  }
}

const PATH = '/graphql'
const STREAM_PATH = '/graphql/stream'
const OPEN_PATHS: ReadonlySet<string> = new Set(['/health', '/ready'])
const REQUEST_TIMEOUT_MS = 30_000
const GRACE_MS = 5_000
const UNKNOWN_ACTOR = null as unknown as Actor

/** GraphQL over HTTP, WebSocket and server-sent events, with one set of tokens, roles and limits. */
export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { deps, limits, onUnexpectedError } = options
  const schema = await buildApiSchema(deps.registry)
  const checkLimits = createLimitCheck(schema, limits)
  const prepare = createDocumentPreparer(schema, limits, checkLimits)
  const authenticate = createAuthenticator(options.tokens)
  const errors = new ErrorFormatter(onUnexpectedError)
  const apollo = createApollo(schema, limits, checkLimits, errors)
  await apollo.start()

  const fastify = Fastify({
    bodyLimit: limits.maxBodyBytes,
    requestTimeout: REQUEST_TIMEOUT_MS,
    exposeHeadRoutes: false,
  })
  const connections = limitConnections(fastify.server, limits)
  fastify.decorateRequest('actor', UNKNOWN_ACTOR)
  fastify.addHook('onRequest', async (request, reply) => {
    const isOver = connections.isOver(request.raw.socket)
    if (isOver) reply.header('connection', 'close')
    // Docker's health check comes this way: being full is no illness.
    if (OPEN_PATHS.has(request.url.split('?')[0] ?? '')) return
    if (isOver) return tooManyConnections(reply, limits)
    const owner = authenticate(request.headers.authorization)
    if (owner === null) return unauthorized(reply)
    request.actor = actorOf(owner, callerOf(request.headers))
  })
  let closing = false
  fastify.addHook('onSend', (_request, reply, _payload, done) => {
    // A connection that is kept would hold up the end.
    if (closing) reply.header('connection', 'close')
    done()
  })
  answerErrors(fastify, onUnexpectedError)

  const sse = createSseHandler({ schema, deps, limits, prepare, errors })
  const query = fastifyApolloHandler(apollo, { context: async ({ actor }) => createContext(deps, actor) })
  fastify.route({
    method: ['GET', 'POST'],
    url: PATH,
    async handler(request: FastifyRequest, reply: FastifyReply) {
      if (wantsEvents(request.headers.accept)) return sse.serve(request, reply)
      if (Array.isArray(request.body) && request.body.length > limits.maxBatch) return tooLargeBatch(reply, limits)
      // The integration spells the same request with other defaults of its generic types.
      return query.apply(fastify, [request, reply] as unknown as Parameters<typeof query>)
    },
  })
  fastify.route({ method: ['GET', 'POST'], url: STREAM_PATH, handler: (request, reply) => sse.serve(request, reply) })
  fastify.get('/health', async () => ({ status: 'ok' }))
  fastify.get('/metrics', async (_request, reply) =>
    reply.type(options.metrics.contentType).send(await options.metrics.scrape()),
  )
  fastify.get('/ready', async (_request, reply) => {
    if (options.isReady()) return { status: 'ready' }
    return reply.code(503).send({ status: 'not ready' })
  })

  const webSockets = attachWebSockets({
    server: fastify.server,
    path: PATH,
    schema,
    deps,
    limits,
    connections,
    prepare,
    authenticate,
    errors,
    onUnexpected: onUnexpectedError,
  })

  return {
    async listen({ host, port }) {
      await fastify.listen({ host, port })
      const { address, family, port: actual } = fastify.server.address() as AddressInfo
      return `http://${family === 'IPv6' ? `[${address}]` : address}:${actual}`
    },
    async close(graceMs = GRACE_MS) {
      closing = true
      const timer = setTimeout(() => fastify.server.closeAllConnections(), graceMs)
      await Promise.all([fastify.close(), webSockets.close(graceMs), sse.close()])
      clearTimeout(timer)
      await apollo.stop()
    },
  }
}

function unauthorized(reply: FastifyReply): FastifyReply {
  return reply.code(401).header('www-authenticate', 'Bearer').send(errorBody('Unauthorized', 'UNAUTHENTICATED'))
}

function tooManyConnections(reply: FastifyReply, { maxConnections }: Limits): FastifyReply {
  const body = {
    errors: [
      {
        message: `The API has ${maxConnections} connections, and takes no more`,
        extensions: {
          code: 'TOO_MANY_CONNECTIONS',
          remedy: `Close some, and try again after ${RETRY_AFTER_SECONDS} s; limits.maxConnections in configs/howdah.yml is the limit.`,
          retryable: true,
        },
      },
    ],
  }
  return reply.code(503).header('retry-after', RETRY_AFTER_SECONDS).send(body)
}

function tooLargeBatch(reply: FastifyReply, { maxBatch }: Limits): FastifyReply {
  return reply.code(400).send(errorBody(`One request may hold ${maxBatch} operations`, 'BATCH_TOO_LARGE'))
}

function errorBody(message: string, code: string) {
  return { errors: [{ message, extensions: { code } }] }
}

/** What fails before GraphQL answers in the same form, and says nothing about what went wrong inside. */
function answerErrors(fastify: FastifyInstance, onUnexpectedError: (error: unknown) => void): void {
  fastify.setErrorHandler<Error & { statusCode?: number; code?: string }>((error, _request, reply) => {
    const status = error.statusCode ?? 500
    if (status < 500) return reply.code(status).send(errorBody(error.message, 'BAD_REQUEST'))
    onUnexpectedError(error)
    return reply.code(500).send(errorBody('Internal server error', 'INTERNAL_SERVER_ERROR'))
  })
  fastify.setNotFoundHandler((_request, reply) => reply.code(404).send(errorBody('Not found', 'NOT_FOUND')))
}
