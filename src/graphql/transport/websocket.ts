import type { Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { type ExecutionArgs, type ExecutionResult, execute, GraphQLError, type GraphQLSchema } from 'graphql'
import { handleProtocols, makeServer } from 'graphql-ws'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Limits } from '../../config/configuration.ts'
import type { Actor } from '../../domain/operation/operation.ts'
import { type ApiDependencies, createContext } from '../request-context.ts'
import type { Authenticate } from './authenticate.ts'
import { actorOf, type Caller, callerOf } from './caller.ts'
import { type ConnectionLimit, RETRY_AFTER_SECONDS } from './connection-limit.ts'
import type { PrepareDocument } from './documents.ts'
import { CLOSE_TOO_SLOW, GuardedSocket } from './slow-socket.ts'
import { type ErrorFormatter, type OperationArguments, subscribeToOperation } from './subscribe.ts'

export interface WebSocketOptions {
  readonly server: Server
  readonly path: string
  readonly schema: GraphQLSchema
  readonly deps: ApiDependencies
  readonly limits: Limits
  readonly connections: ConnectionLimit
  readonly prepare: PrepareDocument
  readonly authenticate: Authenticate
  readonly errors: ErrorFormatter
  readonly onUnexpected: (error: unknown) => void
}

interface Connection {
  actor: Actor | null
  /** As the upgrade's headers say. */
  readonly caller: Caller
}

const HEARTBEAT_MS = 12_000
const CLOSE_GOING_AWAY = 1001
const CLOSE_INTERNAL_ERROR = 4500
const UNAUTHORIZED =
  'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'
const TOO_MANY = `HTTP/1.1 503 Service Unavailable\r\nRetry-After: ${RETRY_AFTER_SECONDS}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`
const NOT_FOUND = 'HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'

/**
 * GraphQL over WebSocket, subprotocol graphql-transport-ws. The token comes in connection_init as `authorization`
 * ("Bearer ...") or `token`, or as the header of the upgrade; so do `surface` and `onBehalfOf`. Close codes beside the protocol's own (4400, 4401
 * subscribed before the acknowledgement, 4403 token refused, 4408 no connection_init, 4409, 4429 twice): 1001
 * the server is stopping, 1009 message too large, 1013 "Subscriber too slow", 4500 a fault of the server.
 */
export function attachWebSockets(options: WebSocketOptions): { close(graceMs: number): Promise<void> } {
  const { server, limits, authenticate } = options
  const protocol = makeProtocol(options)
  const sockets = new WebSocketServer({ noServer: true, maxPayload: limits.maxBodyBytes, handleProtocols })

  server.on('upgrade', (request, stream, head) => {
    stream.on('error', () => stream.destroy())
    if (options.connections.isOver(request.socket)) return refuse(stream, TOO_MANY)
    const { authorization } = request.headers
    const caller = callerOf(request.headers)
    const owner = authenticate(authorization)
    const actor = owner === null ? null : actorOf(owner, caller)
    if (authorization !== undefined && actor === null) return refuse(stream, UNAUTHORIZED)
    if (request.url?.split('?')[0] !== options.path) return refuse(stream, actor === null ? UNAUTHORIZED : NOT_FOUND)
    sockets.handleUpgrade(request, stream, head, (socket) => serve(socket, { actor, caller }))
  })

  function serve(socket: WebSocket, connection: Connection): void {
    let ended = false
    const end = (code: number, reason: string) => {
      if (ended) return
      ended = true
      clearInterval(heartbeat)
      closed(code, reason).catch(options.onUnexpected)
    }
    const guarded = new GuardedSocket(socket, limits.slowSubscriberSeconds * 1000, () =>
      end(CLOSE_TOO_SLOW, 'Subscriber too slow'),
    )
    const heartbeat = keepAlive(socket)
    const closed = protocol.opened(
      {
        protocol: socket.protocol,
        send: (message) => guarded.send(message),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (handle) =>
          socket.on('message', (data) => {
            handle(String(data)).catch((error: unknown) => {
              options.onUnexpected(error)
              socket.close(CLOSE_INTERNAL_ERROR, 'Internal server error')
            })
          }),
      },
      connection,
    )
    // A message over the limit: ws closes with 1009 by itself.
    socket.on('error', () => {})
    socket.once('close', (code, reason) => end(code, String(reason)))
  }

  return {
    async close(graceMs) {
      const closings = [...sockets.clients].map((socket) => {
        const gone = new Promise((resolve) => socket.once('close', resolve))
        socket.close(CLOSE_GOING_AWAY, 'Going away')
        const timer = setTimeout(() => socket.terminate(), graceMs)
        return gone.then(() => clearTimeout(timer))
      })
      await Promise.all(closings)
    },
  }
}

function makeProtocol({ schema, deps, limits, prepare, authenticate, errors }: WebSocketOptions) {
  return makeServer<Record<string, unknown>, Connection>({
    onConnect({ connectionParams, extra }) {
      const { authorization, Authorization, token, surface, onBehalfOf } = connectionParams ?? {}
      const credential = authorization ?? Authorization ?? token
      const owner = credential === undefined ? extra.actor : authenticate(credential)
      const caller = { surface: surface ?? extra.caller.surface, onBehalfOf: onBehalfOf ?? extra.caller.onBehalfOf }
      extra.actor = owner === null ? null : actorOf(owner, caller)
      return extra.actor !== null
    },
    onSubscribe({ subscriptions, extra: { actor } }, _id, { query, operationName, variables }) {
      if (actor === null) throw new TypeError('a connection without an actor was acknowledged')
      if (Object.keys(subscriptions).length > limits.maxSubscriptionsPerConnection) return [tooMany(limits)]
      const prepared = prepare({ query, operationName, variables })
      if (prepared.errors !== null) return prepared.errors
      const args: ExecutionArgs = { schema, document: prepared.document, contextValue: createContext(deps, actor) }
      return { ...args, operationName: operationName ?? null, variableValues: variables ?? null }
    },
    execute: (args) => execute(args),
    subscribe: (args) => subscribeToOperation(deps, args as OperationArguments),
    onNext: (_context, _id, _payload, _args, result) => errors.result(result as ExecutionResult),
    onError: (_context, _id, _payload, found) => errors.errors(found),
  })
}

function tooMany({ maxSubscriptionsPerConnection }: Limits): GraphQLError {
  return new GraphQLError(`One connection may have ${maxSubscriptionsPerConnection} operations at a time`, {
    extensions: {
      code: 'TOO_MANY_SUBSCRIPTIONS',
      remedy: 'Complete some, or open another connection.',
      retryable: false,
    },
  })
}

/** Ends a socket whose other side is gone without a word. */
function keepAlive(socket: WebSocket): NodeJS.Timeout {
  let answered = true
  socket.on('pong', () => {
    answered = true
  })
  return setInterval(() => {
    if (!answered) return socket.terminate()
    answered = false
    if (socket.readyState === socket.OPEN) socket.ping()
  }, HEARTBEAT_MS)
}

function refuse(stream: Duplex, answer: string): void {
  stream.end(answer)
}
