import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildChecksImage } from '../../../scripts/lib/build-images.mjs'
import { openStack } from '../../../scripts/lib/settings.mjs'
import type { PatroniStatus, PostgresStatus } from '../../../src/domain/cluster/cluster.ts'
import { Role } from '../../../src/domain/operation/operation.ts'
import { away } from '../../support/builders/observed.ts'
import { scheduleRecord } from '../../support/builders/schedules.ts'
import { type FakeApi, startFakeApi } from '../../support/fakes/fake-api.ts'

let api: FakeApi
beforeAll(async () => {
  api = await startFakeApi()
})
afterAll(() => api.close())

const get = (token: string | null) =>
  fetch(`${api.url}/metrics`, token === null ? {} : { headers: { authorization: `Bearer ${token}` } })

async function scrape(): Promise<string[]> {
  const answer = await get(api.token(Role.VIEWER))
  expect(answer.status).toBe(200)
  return (await answer.text()).split('\n')
}
const linesOf = (lines: readonly string[], metric: string) =>
  lines.filter((line) => line.startsWith(`howdah_${metric}{`))

describe('the metrics of the API', () => {
  test('are for who has a token', async () => {
    expect((await get(null)).status).toBe(401)
    expect((await get('howdah_none')).status).toBe(401)
  })

  test('tell what is known, and leave out what is not', async () => {
    const before = api.cluster.current()
    const known = await scrape()
    expect(linesOf(known, 'cluster_has_leader')).toEqual(['howdah_cluster_has_leader{cluster="patroni"} 1'])
    expect(linesOf(known, 'node_up')).toHaveLength(before.nodes.length)
    const nodes = before.nodes.map((node) => ({
      ...node,
      patroni: away<PatroniStatus>(),
      postgres: away<PostgresStatus>(),
    }))
    api.cluster.change({ ...before, topology: { ...before.topology, error: 'away' }, nodes })
    const unknown = await scrape()
    expect(linesOf(unknown, 'cluster_has_leader')).toEqual([])
    expect(linesOf(unknown, 'cluster_paused')).toEqual([])
    expect(linesOf(unknown, 'cluster_writable')).toEqual(['howdah_cluster_writable{cluster="patroni"} 0'])
    expect(linesOf(unknown, 'source_up')).toContain('howdah_source_up{cluster="patroni",source="dcs"} 0')
    api.cluster.change(before)
  })

  test('leave nothing of what is gone', async () => {
    api.schedules.records.set('patroni/nightly', scheduleRecord())
    expect(linesOf(await scrape(), 'schedule_state')).toEqual([expect.stringContaining('schedule="nightly"')])
    api.schedules.records.clear()
    expect(linesOf(await scrape(), 'schedule_state')).toEqual([])
  })

  test("pass Prometheus' own check", { timeout: 300_000 }, async () => {
    const image = await buildChecksImage(await openStack(), { note: () => {} })
    const running = promisify(execFile)('docker', [
      'run',
      '--rm',
      '--interactive',
      '--network',
      'none',
      image,
      'promtool',
      'check',
      'metrics',
    ])
    running.child.stdin?.end((await scrape()).join('\n'))
    // Any complaint is an error.
    await running
  })
})
