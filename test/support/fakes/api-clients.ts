import { type IncomingMessage, request } from 'node:http'
import { type Client, createClient, type ExecutionResult } from 'graphql-ws'
import { WebSocket } from 'ws'
import { Role } from '../../../src/domain/operation/operation.ts'
import type { FakeApi } from './fake-api.ts'

/** A graphql-ws client that tells how its connection ended. */
export function connect(api: FakeApi, connectionParams: Record<string, unknown> | null = null) {
  const params = connectionParams ?? { authorization: `Bearer ${api.token(Role.VIEWER)}` }
  let tell: (code: number) => void = () => {}
  const closed = new Promise<number>((resolve) => {
    tell = resolve
  })
  const client: Client = createClient({
    url: `${api.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: params,
    retryAttempts: 0,
    on: { closed: (event) => tell((event as { code: number }).code) },
  })
  return { client, closed }
}

// biome-ignore lint/suspicious/noExplicitAny: tests look at whatever they asked for
export type Answer = ExecutionResult<any, any>

/** A bare socket after its handshake, for what a well-behaved client does not do. */
export async function openSocket(api: FakeApi, credential: Record<string, unknown> | null): Promise<WebSocket> {
  const socket = new WebSocket(`${api.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  await new Promise((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  if (credential !== null) {
    const acknowledged = new Promise((resolve) => socket.once('message', resolve))
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.send(JSON.stringify({ type: 'connection_init', payload: credential }))
    await Promise.race([acknowledged, closed])
  }
  return socket
}

export function closeCode(socket: WebSocket): Promise<number> {
  return new Promise((resolve) => socket.once('close', resolve))
}

export interface SseAnswer {
  readonly response: IncomingMessage
  /** The events' payloads as they come; ends with the stream. */
  readonly payloads: AsyncGenerator<Answer, void>
}

/** Opens a stream of server-sent events. */
export async function openSse(api: FakeApi, query: string, role = Role.VIEWER, path = '/graphql'): Promise<SseAnswer> {
  const headers = {
    accept: 'text/event-stream',
    'content-type': 'application/json',
    authorization: `Bearer ${api.token(role)}`,
  }
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sending = request(api.url + path, { method: 'POST', headers, agent: false }, resolve)
    sending.on('error', reject).end(JSON.stringify({ query }))
  })
  return { response, payloads: readPayloads(response) }
}

async function* readPayloads(response: IncomingMessage): AsyncGenerator<Answer, void> {
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) {
    text += chunk
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      const [event, data] = text.slice(0, end).split('\n')
      text = text.slice(end + 2)
      if (event === 'event: next') yield JSON.parse(data?.slice('data: '.length) ?? 'null')
    }
  }
}
