import { expect, it } from 'vitest'
import { parseHaproxyStats } from '../../../../src/clients/haproxy/haproxy-client.ts'
import { UnexpectedAnswerError } from '../../../../src/domain/errors.ts'
import { fixture } from '../../../support/builders/fixture.ts'

it('the statistics tell the servers of each backend, and nothing of proxies without any', () => {
  const backends = parseHaproxyStats(JSON.parse(fixture('haproxy-stats.json')))
  expect(backends.map(({ name }) => name)).toEqual(['leader', 'replicas'])
  expect(backends[0]?.servers.map(({ name }) => name)).toEqual(['db1', 'db2', 'db3', 'db4'])
  const active = backends[0]?.servers.filter((server) => server.active) ?? []
  expect(active).toHaveLength(1)
  expect(active[0]).toMatchObject({ status: 'UP', checkStatus: 'L7OK', sessions: expect.any(Number) })
  expect(active[0]?.bytesIn).toBeGreaterThan(0)
  expect(active[0]?.lastChangeSeconds).toBeGreaterThanOrEqual(0)
})

it('anything else is refused', () => {
  expect(() => parseHaproxyStats({})).toThrow(UnexpectedAnswerError)
})
