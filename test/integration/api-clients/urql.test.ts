import { type Client, fetchExchange, Client as PlainClient } from '@urql/core'
import { getIntrospectionQuery } from 'graphql'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { Role } from '../../../src/domain/operation/operation.ts'
import { serverOf } from '../../support/builders/backup-server.ts'
import { backupOf } from '../../support/builders/backups.ts'
import { clusterOf, topologyOf } from '../../support/builders/cluster.ts'
import { seen } from '../../support/builders/observed.ts'
import { writeDocumentedFiles } from '../../support/documented-files.ts'
import { type RunningHowdah, startHowdah } from './running-howdah.ts'

/** How long a condition is waited for: on a busy machine even what is soon takes seconds. */
const SOON = { timeout: 30_000 }

/** What docs/CLIENTS.md has. */
interface Documented {
  createUrqlClient(options: { url: string; token: string; schema: unknown; webSocketImpl: unknown }): Client
}

const WELL = clusterOf({
  backupServers: [serverOf({ backups: seen([backupOf(1, 2), backupOf(3, 4), backupOf(5, 6)]) })],
})

let howdah: RunningHowdah
let files: Awaited<ReturnType<typeof writeDocumentedFiles>>
let documented: Documented
let schema: unknown
let client: Client
/** What graphcache finds wrong with its configuration, or with an answer. */
const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
beforeAll(async () => {
  howdah = await startHowdah(WELL)
  files = await writeDocumentedFiles()
  documented = await import(`${files.folder}/urql-client.mjs`)
  schema = await howdah.ask(getIntrospectionQuery())
})
afterAll(async () => {
  await files.remove()
  await howdah.close()
  expect(howdah.unexpected).toEqual([])
})
beforeEach(() => {
  howdah.cluster.change(WELL)
  const token = howdah.token(Role.OPERATOR)
  client = documented.createUrqlClient({ url: howdah.url, token, schema, webSocketImpl: WebSocket })
})
afterEach(() => {
  expect(warn.mock.calls).toEqual([])
})

// biome-ignore lint/suspicious/noExplicitAny: tests look at whatever they asked for
type Data = any
const read = async (query: string, variables = {}, requestPolicy: 'cache-first' | 'cache-only' = 'cache-first') => {
  const { data, error } = await client.query<Data>(query, variables, { requestPolicy }).toPromise()
  expect(error).toBeUndefined()
  return data
}

test('the Accept header of urql, which lists server-sent events too, is answered in JSON', async () => {
  const asked: { accept: string | null; answered: string | null }[] = []
  const plain = new PlainClient({
    url: howdah.url,
    exchanges: [fetchExchange],
    preferGetMethod: false,
    fetchOptions: { headers: { authorization: `Bearer ${howdah.token(Role.VIEWER)}` } },
    fetch: async (input, init) => {
      const response = await fetch(input, init)
      const accept = new Headers(init?.headers).get('accept')
      asked.push({ accept, answered: response.headers.get('content-type') })
      return response
    },
  })
  const { data } = await plain.query<Data>('{ viewer { role } }', {}).toPromise()
  expect(data.viewer.role).toBe('VIEWER')
  expect(asked).toEqual([
    { accept: expect.stringContaining('text/event-stream'), answered: expect.stringMatching(/^application\/.*json/) },
  ])
})

test('a subscription that is fetched is BAD_REQUEST, with what to do', async () => {
  const headers = { authorization: `Bearer ${howdah.token(Role.VIEWER)}`, 'content-type': 'application/json' }
  const body = JSON.stringify({ query: 'subscription { clusterUpdates { name } }' })
  const response = await fetch(howdah.url, { method: 'POST', headers, body })
  const { errors } = (await response.json()) as Data
  expect(errors[0].extensions).toMatchObject({ code: 'BAD_REQUEST', remedy: expect.stringContaining('WebSocket') })
})

test('pages follow one another in one list', async () => {
  const BACKUPS = `query ($after: String) { cluster { id backupServer { id backups(first: 1, after: $after) {
    edges { cursor node { id backupId parent { id } } } pageInfo { endCursor hasNextPage } } } } }`
  const { backups } = (await read(BACKUPS)).cluster.backupServer
  const more = await read(BACKUPS, { after: backups.pageInfo.endCursor })
  const ids = more.cluster.backupServer.backups.edges.map(({ node }: Data) => node.backupId)
  expect(ids).toEqual(['2026000005', '2026000003'])
})

test('what one query has read, node(id:) has', async () => {
  await read('{ cluster { id nodes { id name role lag { replayBytes } switchoverEligibility { eligible reasons } } } }')
  const NODE = 'query ($id: ID!) { node(id: $id) { __typename id ... on PostgresNode { name role } } }'
  expect(await read(NODE, { id: 'PostgresNode:patroni/db2' }, 'cache-only')).toMatchObject({ node: { name: 'db2' } })
})

test('every part without an id is known to be one', async () => {
  const data = await read(`{ viewer { name } cluster { id
    health { status issues { id code message } } etcd { hasQuorum nodes { id name } }
    haproxy { statsUrl backends { name servers { name } } } scheduledSwitchover { at } timelineHistory { timeline }
    nodes { id lag { replayBytes } replicationSlots { name } switchoverEligibility { eligible } }
    backupServer { id checks { name } walArchive { segmentCount gaps { after } } canRecoverTo(target: {}) { recoverable } }
    operations { edges { node { id requestedBy { name } plan { summary steps { name } checks { name } } progress { percent } } } }
    recoveries { edges { node { id target { time } reached { time } verification { passed } connection { host } previousData { node } } } }
  } }`)
  expect(data.cluster.health.status).toBeDefined()
})

test('a mutation is refused in data, not as an error, and one that runs is followed to its end', async () => {
  const TAKE = `mutation ($input: CreateBackupInput!) { createBackup(input: $input) {
    operation { id status } refusals { code message remedy field retryable } plan { summary } } }`
  const refused = await client.mutation<Data>(TAKE, { input: { name: 'latest' } }).toPromise()
  expect(refused.error).toBeUndefined()
  expect(refused.data.createBackup).toMatchObject({ operation: null, refusals: [{ code: 'INVALID_INPUT' }] })

  const { data } = await client.mutation<Data>(TAKE, { input: {} }).toPromise()
  const { id } = data.createBackup.operation
  const ONE = 'query ($id: ID!) { operation(id: $id) { id status } }'
  await read(ONE, { id })
  const UPDATES = 'subscription ($id: ID!) { operationUpdates(id: $id) { id status } }'
  const statuses: string[] = []
  const following = client
    .subscription<Data>(UPDATES, { id })
    .subscribe(({ data }) => statuses.push(data?.operationUpdates.status))
  await expect.poll(() => statuses.at(-1), SOON).toBe('SUCCEEDED')
  following.unsubscribe()
  expect((await read(ONE, { id }, 'cache-only')).operation.status).toBe('SUCCEEDED')
})

test('a subscription renews what a query shows', async () => {
  await read('{ cluster { id paused } }')
  const seenPaused: boolean[] = []
  const following = client
    .subscription<Data>('subscription { clusterUpdates { id paused } }', {})
    .subscribe(({ data }) => seenPaused.push(data?.clusterUpdates.paused))
  await expect.poll(() => seenPaused, SOON).toEqual([false])
  howdah.cluster.change(clusterOf({ topology: seen(topologyOf({ paused: true })) }))
  await expect.poll(() => seenPaused, SOON).toEqual([false, true])
  following.unsubscribe()
  expect((await read('{ cluster { id paused } }', {}, 'cache-only')).cluster.paused).toBe(true)
})
