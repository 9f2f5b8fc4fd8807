import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { WebSocket } from 'ws'
import { Role } from '../../../src/domain/operation/operation.ts'
import { clusterOf } from '../../support/builders/cluster.ts'
import { closeCode, connect, openSocket, openSse } from '../../support/fakes/api-clients.ts'
import { type FakeApi, startFakeApi } from '../../support/fakes/fake-api.ts'

const LINE_BYTES = 50_000
const QUERY = 'subscription { serviceLogs(service: "db1") { text } }'

let api: FakeApi
beforeAll(async () => {
  api = await startFakeApi()
})
afterAll(() => api.close())

beforeEach(async () => {
  await expect.poll(() => api.cluster.streaming).toBe(0)
  api.cluster.taken = 0
  api.cluster.endless = { at: new Date(), stream: 'stdout', text: 'x'.repeat(LINE_BYTES) }
})

async function subscribed(): Promise<WebSocket> {
  const socket = await openSocket(api, { token: api.token(Role.VIEWER) })
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: QUERY } }))
  return socket
}

/** What was taken from the source when nothing more is taken: only what sockets and this process hold for the reader. */
async function takenWhenStuck(): Promise<number> {
  let before = -1
  await expect
    .poll(
      () => {
        const same = before === api.cluster.taken && before > 0
        before = api.cluster.taken
        return same
      },
      { interval: 200, timeout: 900 },
    )
    .toBe(true)
  return api.cluster.taken * LINE_BYTES
}

test('a WebSocket that does not read is not buffered for, and is closed with 1013, after which graphql-ws reconnects', async () => {
  const socket = await subscribed()
  socket.pause()
  expect(await takenWhenStuck()).toBeLessThan(32 * 1024 * 1024)
  await expect.poll(() => api.cluster.streaming, { timeout: 2_500 }).toBe(0)
  const code = closeCode(socket)
  socket.resume()
  expect(await code).toBe(1013)
})

test('a WebSocket that never reads again is destroyed', async () => {
  const socket = await subscribed()
  socket.pause()
  await takenWhenStuck()
  await expect.poll(() => api.cluster.streaming, { timeout: 3_000 }).toBe(0)
  await new Promise((resolve) => setTimeout(resolve, 5_200))
  const code = closeCode(socket)
  // Had it been kept, the close code would still be there to read.
  socket.resume()
  expect(await code).toBe(1006)
})

test('a stream of server-sent events that is not read is not buffered for, and is ended', async () => {
  const { response } = await openSse(api, QUERY)
  response.pause()
  expect(await takenWhenStuck()).toBeLessThan(32 * 1024 * 1024)
  await expect.poll(() => api.cluster.streaming, { timeout: 2_500 }).toBe(0)
  const ended = new Promise((resolve) => response.once('close', resolve))
  response.on('error', () => {})
  response.resume()
  await ended
  expect(response.complete).toBe(false)
})

test('a subscriber that reads is left alone, beside one that does not', async () => {
  const slow = await subscribed()
  slow.pause()
  const { client } = connect(api)
  let read = 0
  const until = Date.now() + 2_000
  for await (const answer of client.iterate({ query: QUERY })) {
    expect(answer.errors).toBeUndefined()
    read++
    if (Date.now() > until) break
  }
  expect(read).toBeGreaterThan(100)
  await client.dispose()
  slow.terminate()
})

test('close() ends subscriptions with 1001 and server-sent events with the end of the stream, and lets a query finish', async () => {
  const own = await startFakeApi({ snapshot: clusterOf() })
  let finish: () => void = () => {}
  own.cluster.logs = () =>
    new Promise((resolve) => {
      finish = () => resolve([])
    })
  const socket = await openSocket(own, { token: own.token(Role.VIEWER) })
  socket.send(
    JSON.stringify({ id: '1', type: 'subscribe', payload: { query: 'subscription { clusterUpdates { name } }' } }),
  )
  const { payloads } = await openSse(own, 'subscription { clusterUpdates { name } }')
  expect((await payloads.next()).value?.data).toEqual({ clusterUpdates: { name: 'patroni' } })
  const running = own.query('{ cluster { service(name: "db1") { logs { text } } } }')
  await new Promise((resolve) => setTimeout(resolve, 100))

  const code = closeCode(socket)
  const began = Date.now()
  const closed = own.server.close(20_000)
  expect(await code).toBe(1001)
  expect((await payloads.next()).done).toBe(true)
  await expect.poll(() => own.cluster.listeners).toBe(0)
  finish()
  expect((await running).data.cluster.service.logs).toEqual([])
  await closed
  expect(Date.now() - began).toBeLessThan(5_000)
  await expect(fetch(`${own.url}/health`)).rejects.toThrow()
})
