import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Role } from '../../../src/domain/operation/operation.ts'
import { type FakeApi, startFakeApi } from '../../support/fakes/fake-api.ts'

const URQL =
  'application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed'

let api: FakeApi
beforeAll(async () => {
  api = await startFakeApi()
})
afterAll(() => api.close())

function send(query: string, accept: string, method: 'GET' | 'POST' = 'POST') {
  const headers = { accept, 'content-type': 'application/json', authorization: `Bearer ${api.token(Role.VIEWER)}` }
  if (method === 'POST') return fetch(`${api.url}/graphql`, { method, headers, body: JSON.stringify({ query }) })
  return fetch(`${api.url}/graphql?query=${encodeURIComponent(query)}`, { headers })
}

describe.each(['POST', 'GET'] as const)('by %s', (method) => {
  test.each([URQL, 'text/event-stream, application/json', 'application/json', '*/*'])(
    'a query that accepts "%s" is answered in JSON',
    async (accept) => {
      const response = await send('{ viewer { role } }', accept, method)
      expect(response.headers.get('content-type')).toMatch(/^application\/(graphql-response\+)?json/)
      expect(await response.json()).toEqual({ data: { viewer: { role: 'VIEWER' } } })
    },
  )

  test.each(['text/event-stream', 'text/event-stream, multipart/mixed'])(
    'what accepts "%s" is a stream',
    async (accept) => {
      const response = await send('{ viewer { role } }', accept, method)
      expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/)
      expect(await response.text()).toContain('{"data":{"viewer":{"role":"VIEWER"}}}')
    },
  )
})

test.each(['application/json', 'application/graphql-response+json', URQL, '*/*'])(
  'a subscription that accepts "%s" is refused with what to do',
  async (accept) => {
    const response = await send('subscription { clusterUpdates { name } }', accept)
    expect(response.status).toBe(400)
    const { data, errors } = (await response.json()) as { data?: unknown; errors: { extensions: unknown }[] }
    expect(data ?? null).toBeNull()
    expect(errors.map(({ extensions }) => extensions)).toEqual([
      { code: 'BAD_REQUEST', remedy: expect.stringContaining('Accept: text/event-stream'), retryable: false },
    ])
    expect(api.unexpected).toEqual([])
  },
)
