import { createClient } from 'graphql-ws'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { Role } from '../../../src/domain/operation/operation.ts'
import { clusterOf } from '../../support/builders/cluster.ts'
import { type RunningHowdah, startHowdah } from './running-howdah.ts'

/** How long a condition is waited for: on a busy machine even what is soon takes seconds. */
const SOON = { timeout: 30_000 }

let howdah: RunningHowdah
beforeAll(async () => {
  howdah = await startHowdah(clusterOf())
})
afterAll(async () => {
  await howdah.close()
  expect(howdah.unexpected).toEqual([])
})

// biome-ignore lint/suspicious/noExplicitAny: tests look at whatever they asked for
type Data = any

/** graphql-ws, and the codes with which its connections ended. */
function connect({ token = howdah.token(Role.VIEWER), sockets = [] as WebSocket[] } = {}) {
  const closed: number[] = []
  let connected = 0
  const client = createClient({
    url: howdah.url.replace('http', 'ws'),
    connectionParams: { authorization: `Bearer ${token}` },
    // As docs/CLIENTS.md has it: a connection that is refused is tried again, a token that is refused is not.
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: (event) => (event as { code?: number }).code !== 4403,
    // Quick, for a test: as it comes it waits a second and longer.
    retryWait: () => new Promise((resolve) => setTimeout(resolve, 20)),
    webSocketImpl: class extends WebSocket {
      constructor(...args: ConstructorParameters<typeof WebSocket>) {
        super(...args)
        sockets.push(this)
      }
    },
    on: {
      closed: (event) => closed.push((event as { code: number }).code),
      connected: () => {
        connected++
      },
    },
  })
  return { client, closed, connected: () => connected }
}

async function archiveWals(): Promise<string> {
  const { archiveWals } = await howdah.ask('mutation { archiveWals(input: {}) { operation { id } } }')
  const { id } = archiveWals.operation
  const status = async () => (await howdah.ask(`{ operation(id: "${id}") { status } }`)).operation.status
  await expect.poll(status, SOON).toBe('SUCCEEDED')
  return id
}

const FEED = 'subscription ($after: String) { operationFeed(after: $after) { cursor sequence final operation { id } } }'
/** What was told, up to the end of an operation. */
async function toldUntil(id: string, after: string): Promise<Data[]> {
  const { client } = connect()
  const told: Data[] = []
  for await (const { data } of client.iterate<Data>({ query: FEED, variables: { after } })) {
    told.push(data?.operationFeed)
    if (told.at(-1).operation.id === id && told.at(-1).final) break
  }
  await client.dispose()
  return told
}

test('a feed goes on at its cursor after the API was started again, without a gap and without a repetition', async () => {
  const { feedCursor } = await howdah.ask('{ feedCursor }')
  const first = await archiveWals()
  const before = await toldUntil(first, feedCursor)
  expect(before[0].sequence).toBe(1)
  // One while it is not connected, the API after the next start has not seen it happen.
  const second = await archiveWals()
  await howdah.stopApi()
  await howdah.startApi()
  const third = await archiveWals()
  const after = await toldUntil(third, before.at(-1).cursor)
  const whole = await toldUntil(third, feedCursor)
  expect([...before, ...after]).toEqual(whole)
  expect(new Set(whole.map(({ operation }) => operation.id))).toEqual(new Set([first, second, third]))
})

test('a subscription that begins with the state comes back by itself after a restart', async () => {
  const { client, closed, connected } = connect()
  const states = client.iterate<Data>({ query: 'subscription { clusterUpdates { paused } }' })
  expect((await states.next()).value?.data).toEqual({ clusterUpdates: { paused: false } })
  const next = states.next()
  await howdah.stopApi()
  await howdah.startApi()
  expect((await next).value?.data).toEqual({ clusterUpdates: { paused: false } })
  expect(closed[0]).toBe(1001)
  expect(connected()).toBe(2)
  await client.dispose()
})

test('a subscriber that was too slow is closed with 1013, and comes back by itself', async () => {
  howdah.cluster.endless = { at: new Date(), stream: 'stdout', text: 'x'.repeat(50_000) }
  const sockets: WebSocket[] = []
  const { client, closed, connected } = connect({ sockets })
  const lines = client.iterate<Data>({ query: 'subscription { serviceLogs(service: "db1") { text } }' })
  await lines.next()
  sockets[0]?.pause()
  await expect.poll(() => howdah.cluster.streaming, SOON).toBe(0)
  sockets[0]?.resume()
  await expect.poll(connected, SOON).toBe(2)
  expect(closed[0]).toBe(1013)
  await expect.poll(() => howdah.cluster.streaming, SOON).toBe(1)
  await lines.return?.()
  await client.dispose()
  howdah.cluster.endless = null
})

test('a wrong token is fatal: there is no second attempt', async () => {
  const { client, closed, connected } = connect({ token: 'wrong' })
  await expect(client.iterate({ query: '{ viewer { name } }' }).next()).rejects.toMatchObject({ code: 4403 })
  expect(closed).toEqual([4403])
  expect(connected()).toBe(0)
  await client.dispose()
})
