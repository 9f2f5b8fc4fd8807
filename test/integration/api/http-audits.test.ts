import { serverAudits } from 'graphql-http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Role } from '../../../src/domain/operation/operation.ts'
import { type FakeApi, startFakeApi } from '../../support/fakes/fake-api.ts'

let api: FakeApi
beforeAll(async () => {
  api = await startFakeApi()
})
afterAll(() => api.close())

test('passes the audits of GraphQL over HTTP; what is left is CSRF prevention', async () => {
  const audits = serverAudits({
    url: `${api.url}/graphql`,
    fetchFn: (url: string, init: RequestInit = {}) => {
      const headers = { ...(init.headers as Record<string, string>), authorization: `Bearer ${api.token(Role.ADMIN)}` }
      return fetch(url, { ...init, headers })
    },
  })
  const results = await Promise.all(audits.map((audit) => audit.fn()))
  const left = results.filter(({ status }) => status !== 'ok')
  const told = left.map((result) => `${result.status}: ${result.name}`)
  expect(
    left.filter(({ status }) => status !== 'notice'),
    told.join('\n'),
  ).toEqual([])
  expect(results.length - left.length, told.join('\n')).toBeGreaterThanOrEqual(58)
})
