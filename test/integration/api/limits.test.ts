import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Role } from '../../../src/domain/operation/operation.ts'
import { operationRecord } from '../../support/builders/operations.ts'
import { type Answer, closeCode, connect, openSocket, openSse } from '../../support/fakes/api-clients.ts'
import { type FakeApi, startFakeApi, TEST_LIMITS } from '../../support/fakes/fake-api.ts'

let api: FakeApi
beforeAll(async () => {
  api = await startFakeApi()
})
afterAll(() => api.close())

const deep = `{ cluster { backupServer { ${'latestBackup { server { '.repeat(6)} name ${'} } '.repeat(6)} } } }`
const costly =
  '{ cluster { backupServer { backups(first: 500) { edges { node { server { backups(first: 500) { edges { node { id } } } } } } } } } }'
const aliases = `{ ${Array.from({ length: 20 }, (_, index) => `a${index}: viewer { name }`).join(' ')} }`
const directives = `{ viewer { ${Array.from({ length: 60 }, () => 'name @include(if: true)').join(' ')} } }`
const long = `{ viewer { ${'name '.repeat(3_000)} } }`

/** What is asked for, the limit, what was found: null where reading stops at the limit. */
const TOO_MUCH: [string, string, { limit: number; found: number | null }][] = [
  ['depth', deep, { limit: TEST_LIMITS.maxDepth, found: 15 }],
  ['cost', costly, { limit: TEST_LIMITS.maxCost, found: 752_003 }],
  ['aliases', aliases, { limit: TEST_LIMITS.maxAliases, found: 20 }],
  ['directives', directives, { limit: 50, found: 60 }],
  ['tokens', long, { limit: TEST_LIMITS.maxTokens, found: null }],
]

const refused = (counts: object) => ({
  message: expect.not.stringContaining('Syntax Error'),
  extensions: {
    code: 'QUERY_TOO_COMPLEX',
    retryable: false,
    remedy: expect.stringContaining('configs/howdah.yml'),
    ...counts,
  },
})

describe('a query over the limit of', () => {
  test.each(TOO_MUCH)('%s is refused over HTTP', async (_name, query, counts) => {
    expect(await api.query(query)).toMatchObject({ errors: [refused(counts)] })
  })

  test.each(TOO_MUCH)('%s is refused over WebSocket', async (_name, query, counts) => {
    const { client } = connect(api)
    const failure = await new Promise<unknown>((resolve) => {
      client.subscribe({ query }, { next: resolve, error: resolve, complete: () => resolve(null) })
    })
    expect(failure).toMatchObject([refused(counts)])
    await client.dispose()
  })

  test.each(TOO_MUCH)('%s is refused over server-sent events', async (_name, query, counts) => {
    const { payloads } = await openSse(api, query)
    const answers: Answer[] = []
    for await (const answer of payloads) answers.push(answer)
    expect(answers[0]).toMatchObject({ errors: [refused(counts)] })
    expect(answers[0]).not.toHaveProperty('data')
  })
})

describe('rows', () => {
  const PAGES =
    '{ cluster { backupServer { backups(first: $n) { edges { node { server { backups(first: $n) { totalCount } } } } } } } }'
  const ways: [string, (rows: number) => [string, Record<string, unknown>]][] = [
    ['in the document', (rows) => [PAGES.replaceAll('$n', String(rows)), {}]],
    ['in a variable', (rows) => [`query ($n: Int) ${PAGES}`, { n: rows }]],
    ["in a variable's default", (rows) => [`query ($n: Int = ${rows}) ${PAGES}`, {}]],
  ]

  test.each(ways)('that are counted %s weigh the same', async (_where, ask) => {
    expect((await api.query(...ask(100))).errors).toBeUndefined()
    const weights = [250, 500].map(async (rows) => (await api.query(...ask(rows))).errors?.[0]?.extensions)
    expect(await Promise.all(weights)).toMatchObject([
      { code: 'QUERY_TOO_COMPLEX', limit: TEST_LIMITS.maxCost, found: 63_503 },
      { code: 'QUERY_TOO_COMPLEX', limit: TEST_LIMITS.maxCost, found: 252_003 },
    ])
  })

  test('of many events are no reason to refuse them', async () => {
    const operation = api.operations.add(operationRecord())
    const query = `{ operation(id: "${operation.id}") { events(first: 100) { edges { node { __typename cursor at message } } } } }`
    expect((await api.query(query)).errors).toBeUndefined()
  })

  test('are bounded in all while a request runs', async () => {
    const eleven = `query ($n: Int) { cluster { backupServer { ${Array.from({ length: 11 }, (_, i) => `w${i}: wals(first: $n) { totalCount } b${i}: backups(first: $n) { totalCount }`).join(' ')} } } }`
    const wide = await startFakeApi({ limits: { maxAliases: 100 } })
    expect((await wide.query(eleven, { n: 500 })).errors?.[0]?.extensions['code']).toBe('TOO_MANY_ROWS')
    await wide.close()
  })

  test('of a variable that does not fit its type are refused for that', async () => {
    const { errors } = await api.query(`query ($n: Int) ${PAGES}`, { n: 'many' })
    expect(errors?.map(({ extensions }) => extensions['code'])).toEqual(['BAD_USER_INPUT'])
  })
})

const post = (body: string) => {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${api.token(Role.ADMIN)}` }
  return fetch(`${api.url}/graphql`, { method: 'POST', headers, body })
}

test('a batch is refused', async () => {
  const response = await post(JSON.stringify([{ query: '{ __typename }' }, { query: '{ __typename }' }]))
  expect(response.status).toBe(400)
})

test('a batch up to maxBatch is answered where it is allowed', async () => {
  const batching = await startFakeApi({ limits: { maxBatch: 2 } })
  const send = (count: number) =>
    fetch(`${batching.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${batching.token(Role.ADMIN)}` },
      body: JSON.stringify(Array.from({ length: count }, () => ({ query: '{ __typename }' }))),
    })
  expect(await (await send(2)).json()).toHaveLength(2)
  expect((await send(3)).status).toBe(400)
  await batching.close()
})

test('a body over the limit is answered with 413', async () => {
  expect((await post(JSON.stringify({ query: ' '.repeat(TEST_LIMITS.maxBodyBytes) }))).status).toBe(413)
})

test('a WebSocket message over the limit closes it with 1009', async () => {
  const socket = await openSocket(api, { token: api.token(Role.VIEWER) })
  const code = closeCode(socket)
  socket.send('x'.repeat(TEST_LIMITS.maxBodyBytes + 1))
  expect(await code).toBe(1009)
})

test('one WebSocket has so many subscriptions and no more', async () => {
  const { client } = connect(api)
  const failures: unknown[] = []
  const started = Array.from({ length: TEST_LIMITS.maxSubscriptionsPerConnection + 2 }, () => {
    return new Promise<void>((resolve) => {
      const error = (problem: unknown) => {
        failures.push(problem)
        resolve()
      }
      client.subscribe(
        { query: 'subscription { clusterUpdates { name } }' },
        { next: () => resolve(), error, complete: () => {} },
      )
    })
  })
  await Promise.all(started)
  expect(failures).toHaveLength(2)
  expect(JSON.stringify(failures)).toContain('TOO_MANY_SUBSCRIPTIONS')
  expect(api.cluster.listeners).toBe(TEST_LIMITS.maxSubscriptionsPerConnection)
  await client.dispose()
  await expect.poll(() => api.cluster.listeners).toBe(0)
})
