import { type ApolloCache, type ApolloClient, gql } from '@apollo/client'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
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
  createApolloClient(options: { url: string; token: string; webSocketImpl: unknown }): ApolloClient
  prependOperation(cache: ApolloCache, operation: { id: string; __typename: string }): void
}

const stored = (...backups: Parameters<typeof backupOf>[]) =>
  clusterOf({ backupServers: [serverOf({ backups: seen(backups.map((each) => backupOf(...each))) })] })

let howdah: RunningHowdah
let files: Awaited<ReturnType<typeof writeDocumentedFiles>>
let documented: Documented
let client: ApolloClient
beforeAll(async () => {
  howdah = await startHowdah(stored([1, 2], [3, 4], [5, 6]))
  files = await writeDocumentedFiles()
  documented = await import(`${files.folder}/apollo-client.mjs`)
})
afterAll(async () => {
  await files.remove()
  await howdah.close()
  expect(howdah.unexpected).toEqual([])
})
beforeEach(() => {
  client?.stop()
  howdah.cluster.change(stored([1, 2], [3, 4], [5, 6]))
  client = documented.createApolloClient({
    url: howdah.url,
    token: howdah.token(Role.OPERATOR),
    webSocketImpl: WebSocket,
  })
})

// biome-ignore lint/suspicious/noExplicitAny: tests look at whatever they asked for
type Data = any
const read = async (query: string, variables = {}): Promise<Data> => {
  const { data, error } = await client.query<Data>({ query: gql(query), variables })
  expect(error).toBeUndefined()
  return data
}

const BACKUPS = `query ($after: String) { cluster { id backupServer { id backups(first: 1, after: $after) {
  edges { cursor node { id backupId } } pageInfo { endCursor hasNextPage } } } } }`
const idsIn = ({ cluster }: Data) => cluster.backupServer.backups.edges.map(({ node }: Data) => node.backupId)

test('pages follow one another in one list', async () => {
  const watched = client.watchQuery<Data>({ query: gql(BACKUPS) })
  const watching = watched.subscribe(() => {})
  const shown = () => watched.getCurrentResult().data
  await expect.poll(() => shown() && idsIn(shown()), SOON).toEqual(['2026000005'])
  await watched.fetchMore({ variables: { after: shown().cluster.backupServer.backups.pageInfo.endCursor } })
  await expect.poll(() => idsIn(shown()), SOON).toEqual(['2026000005', '2026000003'])
  watching.unsubscribe()
})

test('a mutation puts its operation at the head of a list, and a subscription brings it to its end there', async () => {
  const LIST = 'query { operations { edges { cursor node { id status } } pageInfo { hasNextPage endCursor } } }'
  const before = (await read(LIST)).operations.edges.length
  const TAKE = `mutation { createBackup(input: { name: "apollo" }) {
    operation { id kind status } refusals { code message } } }`
  const { data } = await client.mutate<Data>({
    mutation: gql(TAKE),
    update: (cache, { data }) => documented.prependOperation(cache, (data as Data).createBackup.operation),
  })
  const { id } = data.createBackup.operation
  const listed = () => client.readQuery<Data>({ query: gql(LIST) })?.operations.edges
  expect(listed()).toHaveLength(before + 1)
  expect(listed()[0]).toMatchObject({ node: { id } })

  const updates = client.subscribe<Data>({
    query: gql`subscription ($id: ID!) { operationUpdates(id: $id) { id status progress { percent } } }`,
    variables: { id },
  })
  await new Promise<void>((complete, error) => updates.subscribe({ complete, error }))
  expect(listed()[0].node.status).toBe('SUCCEEDED')
  // The server has it in the same place.
  const again = await client.query<Data>({ query: gql(LIST), fetchPolicy: 'network-only' })
  expect(again.data?.operations.edges[0]).toEqual(listed()[0])
})

test('one removed backup takes nothing else with it, from the server or from the cache', async () => {
  const { rehearseRecovery } = await howdah.ask(
    'mutation { rehearseRecovery(input: {}) { operation { id } refusals { message } } }',
  )
  expect(rehearseRecovery.refusals).toEqual([])
  const { id } = rehearseRecovery.operation
  await expect
    .poll(async () => (await howdah.ask(`{ operation(id: "${id}") { status } }`)).operation.status, SOON)
    .toBe('SUCCEEDED')
  howdah.cluster.change(stored([3, 4], [5, 6]))
  const RECOVERIES = `{ cluster { id name recoveries { edges { cursor node { id backupId backup { id backupId } } }
    pageInfo { hasNextPage endCursor } } } }`
  const { cluster } = await read(RECOVERIES)
  expect(cluster).toMatchObject({
    name: 'patroni',
    recoveries: { edges: [{ node: { backupId: '2026000001', backup: null } }] },
  })

  await read(BACKUPS)
  client.cache.evict({
    id: client.cache.identify({ __typename: 'Backup', id: 'Backup:patroni/patroni/2026000005' }) as string,
  })
  client.cache.gc()
  expect(idsIn(client.readQuery({ query: gql(BACKUPS) }))).toEqual([])
  expect(client.readQuery<Data>({ query: gql('{ cluster { id name } }') })?.cluster.name).toBe('patroni')
})

test('node(id:) is answered from what another query has read', async () => {
  await read(BACKUPS)
  const NODE = gql`query ($id: ID!) { node(id: $id) { id ... on Backup { backupId } } }`
  const variables = { id: 'Backup:patroni/patroni/2026000005' }
  const { data } = await client.query<Data>({ query: NODE, variables, fetchPolicy: 'cache-only' })
  expect(data.node).toMatchObject({ __typename: 'Backup', backupId: '2026000005' })
  const GONE = { id: 'Backup:patroni/patroni/none' }
  expect((await client.query<Data>({ query: NODE, variables: GONE })).data.node).toBeNull()
})

test('two queries share the parts of a cluster, and a subscription renews them', async () => {
  await read('{ cluster { id health { status } etcd { hasQuorum } } }')
  await read('{ cluster { id health { checkedAt issues { code } } etcd { faultTolerance } } }')
  const both = gql`{ cluster { id health { status checkedAt issues { code } } etcd { hasQuorum faultTolerance } } }`
  expect(client.readQuery<Data>({ query: both })?.cluster.etcd).toMatchObject({ hasQuorum: true, faultTolerance: 0 })

  const updates = client.subscribe<Data>({ query: gql`subscription { clusterUpdates { id paused } }` })
  const seenPaused: boolean[] = []
  const following = updates.subscribe(({ data }) => seenPaused.push(data.clusterUpdates.paused))
  await expect.poll(() => seenPaused, SOON).toEqual([false])
  howdah.cluster.change(clusterOf({ topology: seen(topologyOf({ paused: true })) }))
  await expect
    .poll(() => client.readQuery<Data>({ query: gql`{ cluster { id paused } }` })?.cluster.paused, SOON)
    .toBe(true)
  following.unsubscribe()
})

test('the events of an operation are told apart by their types', async () => {
  const { archiveWals } = await howdah.ask('mutation { archiveWals(input: {}) { operation { id } } }')
  const { id } = archiveWals.operation
  const events: Data[] = []
  const feed = client.subscribe<Data>({
    query: gql`subscription ($id: ID!) { operationEvents(operationId: $id) {
      id step final ... on OperationStarted { worker } ... on OperationSucceeded { result { __typename } } } }`,
    variables: { id },
  })
  await new Promise<void>((complete, error) =>
    feed.subscribe({ next: ({ data }) => events.push(data.operationEvents), complete, error }),
  )
  expect(events.find(({ __typename }) => __typename === 'OperationStarted')).toMatchObject({ worker: 'the-worker' })
  expect(events.at(-1)).toMatchObject({ __typename: 'OperationSucceeded', final: true, result: null })
})
