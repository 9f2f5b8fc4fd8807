import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Role } from '../../../src/domain/operation/operation.ts'
import { type FakeApi, startFakeApi } from '../../support/fakes/fake-api.ts'

const MAX = 5
let api: FakeApi
let sockets: Socket[]
beforeEach(async () => {
  api = await startFakeApi({ limits: { maxConnections: MAX } })
  sockets = []
})
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  await api.close()
})

async function open(): Promise<Socket> {
  const { hostname, port } = new URL(api.url)
  const socket = connect(Number(port), hostname)
  sockets.push(socket)
  await once(socket, 'connect')
  return socket
}

/** What the server answers on this connection until it closes it. */
async function ask(socket: Socket, ...lines: string[]): Promise<string> {
  let answer = ''
  socket.on('data', (chunk) => {
    answer += String(chunk)
  })
  socket.on('error', () => {})
  socket.write(`${lines.join('\r\n')}\r\nHost: x\r\nAuthorization: Bearer ${api.token(Role.VIEWER)}\r\n\r\n`)
  if (!socket.closed) await once(socket, 'close')
  return answer
}

const UPGRADE = [
  'GET /graphql HTTP/1.1',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Protocol: graphql-transport-ws',
]

async function fill(): Promise<void> {
  for (let opened = 0; opened < MAX; opened += 1) await open()
}

describe('a connection too many', () => {
  test('is refused with 503 and when to come again, and closed', async () => {
    await fill()
    const answer = await ask(await open(), 'GET /graphql?query={viewer{name}} HTTP/1.1')
    expect(answer).toMatch(/^HTTP\/1\.1 503 /)
    expect(answer).toMatch(/^retry-after: 5\r$/im)
    expect(answer).toContain('TOO_MANY_CONNECTIONS')
    expect(answer).toMatch(/^connection: close\r$/im)
  })

  test('is refused so for a WebSocket and for a stream of events as well', async () => {
    await fill()
    expect(await ask(await open(), ...UPGRADE)).toMatch(/^HTTP\/1\.1 503 [\s\S]*Retry-After: 5/)
    const stream = await ask(await open(), 'GET /graphql/stream HTTP/1.1', 'Accept: text/event-stream')
    expect(stream).toMatch(/^HTTP\/1\.1 503 /)
  })

  test("leaves Docker's health check its answer", async () => {
    await fill()
    expect(await ask(await open(), 'GET /health HTTP/1.1')).toMatch(/^HTTP\/1\.1 200 /)
  })

  test('is taken again once another one has ended', async () => {
    await fill()
    expect(await ask(await open(), ...UPGRADE)).toContain('503')
    sockets[0]?.destroy()
    await expect
      .poll(async () => {
        const socket = await open()
        const answered = once(socket, 'data').then(([chunk]) => String(chunk))
        socket.write(`${UPGRADE.join('\r\n')}\r\nHost: x\r\nAuthorization: Bearer ${api.token(Role.VIEWER)}\r\n\r\n`)
        return answered
      })
      .toMatch(/^HTTP\/1\.1 101 /)
  })

  test('does not take as many places as those that only wait to be refused', async () => {
    await fill()
    // These say nothing; as many as may be open wait for their refusal, and what is beyond is closed at once.
    for (let opened = 0; opened < MAX; opened += 1) await open()
    const beyond = await open()
    beyond.on('error', () => {})
    if (!beyond.closed) await once(beyond, 'close')
    expect(beyond.bytesRead).toBe(0)
  })
})
