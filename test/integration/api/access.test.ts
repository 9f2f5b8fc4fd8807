import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { Role } from '../../../src/domain/operation/operation.ts'
import { operationRecord } from '../../support/builders/operations.ts'
import { closeCode, connect, openSocket } from '../../support/fakes/api-clients.ts'
import { type FakeApi, type QueryAnswer, startFakeApi } from '../../support/fakes/fake-api.ts'

let api: FakeApi
beforeAll(async () => {
  api = await startFakeApi()
})
afterAll(() => api.close())

const CONTROL = [
  'acknowledgeIssue',
  'approveOperation',
  'cancelOperation',
  'deleteSchedule',
  'pauseSchedule',
  'putSchedule',
  'rejectOperation',
  'resumeSchedule',
  'retryOperation',
  'runSchedule',
] as const
const UNAUTHORIZED = { errors: [{ message: 'Unauthorized', extensions: { code: 'UNAUTHENTICATED' } }] }
const JSON_TYPE = { 'content-type': 'application/json' }
const EVENTS = { accept: 'text/event-stream' }
const POST = (body: unknown, headers = {}) => ({
  method: 'POST',
  headers: { ...JSON_TYPE, ...headers },
  body: JSON.stringify(body),
})

describe('without a token that is known', () => {
  test.each<[string, string, RequestInit]>([
    ['a query', '/graphql', POST({ query: '{ viewer { name } }' })],
    ['a query by GET', '/graphql?query={__typename}', {}],
    ['introspection', '/graphql', POST({ query: '{ __schema { types { name } } }' })],
    ['what does not parse', '/graphql', { method: 'POST', headers: JSON_TYPE, body: '{{{' }],
    ['a body over the limit', '/graphql', POST({ query: 'x'.repeat(200_000) })],
    ['a wrong token', '/graphql', POST({ query: '{ viewer { name } }' }, { authorization: 'Bearer wrong' })],
    ['an empty token', '/graphql', POST({ query: '{ viewer { name } }' }, { authorization: 'Bearer ' })],
    ['server-sent events', '/graphql?query=subscription{clusterUpdates{name}}', { headers: EVENTS }],
    ['server-sent events on their own path', '/graphql/stream', POST({ query: '{ __typename }' }, EVENTS)],
    ['a path that does not exist', '/metrics', {}],
  ])('%s is answered with 401, and with nothing else', async (_name, path, init) => {
    const response = await fetch(api.url + path, init)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Bearer')
    expect(await response.json()).toEqual(UNAUTHORIZED)
  })

  test('only /health and /ready answer, with one word', async () => {
    expect(await (await fetch(`${api.url}/health`)).json()).toEqual({ status: 'ok' })
    expect(await (await fetch(`${api.url}/ready?now`)).json()).toEqual({ status: 'ready' })
  })

  test('a WebSocket is closed with 4403 at connection_init', async () => {
    const socket = await openSocket(api, null)
    const code = closeCode(socket)
    socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: 'Bearer wrong' } }))
    expect(await code).toBe(4403)
  })

  test('a WebSocket that subscribes before it was acknowledged is closed with 4401', async () => {
    const socket = await openSocket(api, null)
    const code = closeCode(socket)
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: '{ __typename }' } }))
    expect(await code).toBe(4401)
  })

  test('an upgrade with a wrong token is answered with 401', async () => {
    const url = `${api.url.replace('http', 'ws')}/graphql`
    const socket = new WebSocket(url, 'graphql-transport-ws', { headers: { authorization: 'Bearer wrong' } })
    const [, response] = await new Promise<[unknown, { statusCode?: number | undefined }]>((resolve) => {
      socket.once('unexpected-response', (request, answer) => resolve([request, answer]))
    })
    expect(response.statusCode).toBe(401)
    socket.on('error', () => {})
    socket.terminate()
  })
})

describe('with a token', () => {
  test.each<[string, Record<string, unknown>]>([
    ['authorization', { authorization: 'Bearer secret-of-viewer' }],
    ['token', { token: 'secret-of-viewer' }],
  ])('a WebSocket may give it as %s', async (_name, params) => {
    const { client } = connect(api, params)
    const answers = []
    for await (const answer of client.iterate({ query: '{ viewer { name role permissions } }' }))
      answers.push(answer.data)
    expect(answers).toEqual([{ viewer: { name: 'the-viewer', role: 'VIEWER', permissions: [] } }])
    await client.dispose()
  })

  test('viewer tells what each role may do', async () => {
    const permissions = async (role: Role) =>
      (await api.query('{ viewer { permissions } }', {}, role)).data.viewer.permissions
    expect(await permissions(Role.VIEWER)).toEqual([])
    expect(await permissions(Role.OPERATOR)).toEqual(['testKind', ...CONTROL])
    expect(await permissions(Role.ADMIN)).toContain('testDestruction')
  })

  const CALLS = {
    testKind: 'mutation { testKind(input: {}) { operation { requestedBy { name role } } } }',
    testDestruction: 'mutation { testDestruction(input: {}) { refusals { code } } }',
    acknowledgeIssue: 'mutation { acknowledgeIssue(id: "HealthIssue:patroni/NONE") { status } }',
    approveOperation: 'mutation { approveOperation(id: "x", ifPlan: "p") { refusals { code } } }',
    deleteSchedule: 'mutation { deleteSchedule(name: "x") { refusals { code } } }',
    pauseSchedule: 'mutation { pauseSchedule(name: "x") { refusals { code } } }',
    putSchedule:
      'mutation { putSchedule(input: {name: "x", kind: TEST_KIND, cron: "0 0 30 2 *"}) { refusals { code } } }',
    resumeSchedule: 'mutation { resumeSchedule(name: "x") { refusals { code } } }',
    runSchedule: 'mutation { runSchedule(name: "x") { refusals { code } } }',
    rejectOperation: 'mutation { rejectOperation(id: "x") { refusals { code } } }',
    cancelOperation: 'mutation { cancelOperation(id: "x") { refusals { code } } }',
    retryOperation: 'mutation { retryOperation(id: "x") { refusals { code } } }',
  }

  test.each<[Role, (keyof typeof CALLS)[]]>([
    [Role.VIEWER, []],
    [Role.OPERATOR, ['testKind', ...CONTROL]],
    [Role.ADMIN, ['testKind', 'testDestruction', ...CONTROL]],
  ])('%s may call %j, and nothing else', async (role, allowed) => {
    for (const [name, query] of Object.entries(CALLS)) {
      const submitted = api.submitted.length
      const codes = (await api.query(query, {}, role)).errors?.map((error) => error.extensions['code']) ?? []
      const isAllowed = allowed.some((each) => each === name)
      expect([name, codes.includes('FORBIDDEN')]).toEqual([name, !isAllowed])
      if (!isAllowed) expect(api.submitted.length).toBe(submitted)
    }
  })

  test('an operator proposes what only an admin may have run; a viewer proposes nothing', async () => {
    const propose = 'mutation { testDestruction(input: {propose: true}) { operation { id } } }'
    expect((await api.query(propose, {}, Role.OPERATOR)).errors).toBeUndefined()
    expect((await api.query(propose, {}, Role.VIEWER)).errors?.[0]?.extensions['code']).toBe('FORBIDDEN')
  })

  test('an operation carries the name of the token that asked for it', async () => {
    const { data } = await api.query(CALLS.testKind, {}, Role.OPERATOR)
    expect(data.testKind.operation.requestedBy).toEqual({ name: 'the-operator', role: 'OPERATOR' })
  })

  test.each<[string, Record<string, string>, surface: string, onBehalfOf: string | null]>([
    ['nothing', {}, 'API', null],
    ['its surface and its person', { surface: 'CLI', onBehalfOf: ' ada ' }, 'CLI', 'ada'],
    ['to be a part of Howdah', { surface: 'HOWDAH' }, 'API', null],
    ['what cannot be read', { surface: 'cli;', onBehalfOf: 'a\u0007b' }, 'API', null],
    ['more than a name', { surface: 'CONSOLE', onBehalfOf: 'a'.repeat(101) }, 'CONSOLE', null],
  ])('and what its sender says of itself: %s', async (_, { surface, onBehalfOf }, expected, person) => {
    const { client } = connect(api, { token: api.token(Role.OPERATOR), surface, onBehalfOf })
    const query = 'mutation { testKind(input: {}) { operation { requestedBy { name surface onBehalfOf } } } }'
    for await (const { data } of client.iterate<Record<string, unknown>>({ query })) {
      expect(data).toMatchObject({
        testKind: { operation: { requestedBy: { name: 'the-operator', surface: expected, onBehalfOf: person } } },
      })
    }
    await client.dispose()
  })

  test('and what the headers of a request say', async () => {
    const query = 'mutation { testKind(input: {}) { operation { requestedBy { surface onBehalfOf } } } }'
    const authorization = `Bearer ${api.token(Role.OPERATOR)}`
    const headers = { authorization, 'howdah-surface': 'CLI', 'howdah-on-behalf-of': 'ada' }
    const response = await fetch(`${api.url}/graphql`, POST({ query }, headers))
    const { data } = (await response.json()) as QueryAnswer
    expect(data.testKind.operation.requestedBy).toEqual({ surface: 'CLI', onBehalfOf: 'ada' })
  })

  test('an operator does not repeat what was destructive', async () => {
    const { id } = api.operations.add(operationRecord({ kind: 'testDestruction' }))
    const retry = `mutation { retryOperation(id: "${id}") { operation { id } } }`
    expect((await api.query(retry, {}, Role.OPERATOR)).errors?.[0]?.extensions['code']).toBe('FORBIDDEN')
    expect((await api.query(retry, {}, Role.ADMIN)).data.retryOperation.operation.id).toBe(`Operation:${id}`)
  })

  test('roles hold on a WebSocket too', async () => {
    const { client } = connect(api)
    for await (const answer of client.iterate({ query: CALLS.testKind })) {
      expect(answer.errors?.[0]?.extensions?.['code']).toBe('FORBIDDEN')
    }
    await client.dispose()
  })

  test('roles hold on server-sent events too, and a GET changes nothing', async () => {
    const submitted = api.submitted.length
    const ask = (init: RequestInit, url = '/graphql') => fetch(api.url + url, init).then((response) => response.text())
    const viewer = { ...EVENTS, authorization: `Bearer ${api.token(Role.VIEWER)}` }
    const operator = { ...EVENTS, authorization: `Bearer ${api.token(Role.OPERATOR)}` }
    expect(await ask(POST({ query: CALLS.testKind }, viewer))).toContain('"FORBIDDEN"')
    await ask({ headers: operator }, `/graphql?query=${encodeURIComponent(CALLS.testKind)}`)
    expect(api.submitted.length).toBe(submitted)
  })
})

test('a request that a foreign page can send is refused', async () => {
  const headers = { authorization: `Bearer ${api.token(Role.ADMIN)}`, 'content-type': 'text/plain' }
  const response = await fetch(`${api.url}/graphql`, { method: 'POST', headers, body: '{"query":"{ __typename }"}' })
  expect(response.status).toBeGreaterThanOrEqual(400)
})
