import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import { discardRecoveries } from '../support/stack/discard-recoveries.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForHealthyCluster, waitForNothingRunning } from '../support/stack/stack-conditions.ts'
import { waitFor } from '../support/wait-for.ts'

const facts = stack()
let api: ApiClient
/** Runs are found by the name of their schedule: each test has its own. */
let name = ''
beforeAll(async () => {
  api = createApiClient({ url: facts.apiUrl, token: facts.tokens.admin })
  await waitForHealthyCluster(api)
})
beforeEach(({ task }) => {
  name = `test-${task.id}`
})
afterEach(async () => {
  await api.query(`mutation { deleteSchedule(name: "${name}") { refusals { code } } }`)
  await waitForNothingRunning(api)
})
afterAll(async () => {
  await waitForHealthyCluster(api)
  await api.close()
})

interface Run {
  readonly id: string
  readonly status: string
  readonly finishedAt: string | null
  readonly idempotencyKey: string
  readonly requestedBy: { readonly surface: string; readonly onBehalfOf: string | null }
  readonly error: { readonly code: string } | null
}

async function putEveryMinute(fields: Record<string, unknown>): Promise<void> {
  const input = { name, cron: '* * * * *', deadlineSeconds: 300, ...fields }
  const put =
    'mutation ($input: PutScheduleInput!) { putSchedule(input: $input) { schedule { name } refusals { code } } }'
  expect(await api.query(put, { input })).toEqual({ putSchedule: { schedule: { name }, refusals: [] } })
}

async function scheduleNow() {
  const query = `{ cluster { schedules { name state lastRefusal { code }
    runs(first: 10) { edges { node { id status finishedAt idempotencyKey requestedBy { surface onBehalfOf } error { code } } } } } } }`
  const { cluster } = await api.query<{
    cluster: { schedules: { name: string; state: string; runs: { edges: { node: Run }[] } }[] }
  }>(query)
  const found = cluster.schedules.find((each) => each.name === name)
  if (found === undefined) throw new Error('there is no such schedule')
  return { ...found, runs: found.runs.edges.map(({ node }) => node) }
}

/** Newest first. */
const untilRuns = (count: number, wanted: string) =>
  waitFor(
    `${count} runs that have ended, and ${wanted}`,
    async () => {
      const { runs, state } = await scheduleNow()
      const hasEnded = runs.every(({ finishedAt }) => finishedAt !== null)
      if (runs.length >= count && hasEnded && state === wanted) return runs
      throw new Error(`${state}, ${JSON.stringify(runs)}`)
    },
    { timeoutMs: 200_000, intervalMs: 1000 },
  )

test('a slot is one operation, though API, worker and Redis are killed around it', { timeout: 400_000 }, async () => {
  await putEveryMinute({ kind: 'CHECK_BACKUP_SERVER' })
  await untilRuns(1, 'OK')
  // A second before the next minute: what is killed is not back at the slot.
  await waitFor('the end of the minute', () => new Date().getUTCSeconds() === 59, { timeoutMs: 70_000 })
  const killed = ['redis', 'worker', 'api']
  await Promise.all(killed.map((service) => facts.kill(service)))
  await Promise.all(killed.map((service) => facts.start(service)))
  await waitForHealthyCluster(api)
  const runs = await untilRuns(2, 'OK')
  expect(new Set(runs.map(({ requestedBy }) => JSON.stringify(requestedBy)))).toEqual(
    new Set([JSON.stringify({ surface: 'SCHEDULE', onBehalfOf: 'admin' })]),
  )
  // Minute by minute, none twice and none left out.
  const minutes = runs.map(({ idempotencyKey }) => Date.parse(idempotencyKey.split(':').slice(3).join(':')) / 60_000)
  expect(minutes.toReversed()).toEqual(minutes.map((_, index) => (minutes.at(-1) ?? 0) + index))
})

describe('a drill', { timeout: 600_000 }, () => {
  const INPUT = { point: 'RANDOM', discard: true, assertions: [{ sql: 'SELECT 1', expect: '1' }] }
  const issues = async () => {
    const { cluster } = await api.query<{ cluster: { health: { issues: { code: string; message: string }[] } } }>(
      '{ cluster { health { issues { code message } } } }',
    )
    return cluster.health.issues.filter(({ code }) => code.startsWith('SCHEDULE_'))
  }

  beforeAll(() => discardRecoveries({ api }))

  test('goes to a moment of the windows, proves it, says how long it took, and leaves nothing', async () => {
    await putEveryMinute({ kind: 'REHEARSE_RECOVERY', input: INPUT })
    const [run] = await untilRuns(1, 'OK')
    const query = `query ($id: ID!) { node(id: $id) { ... on Recovery { status totalSeconds target { time } connection { host }
      verification { passed checks { name status } } } } cluster { summary { lastProof { id } } } }`
    const { node, cluster } = await api.query<{
      node: { verification: { checks: { name: string; status: string }[] } }
      cluster: { summary: { lastProof: { id: string } } }
    }>(query, { id: run?.id.replace('Operation:', 'Recovery:') })
    expect(node).toMatchObject({
      status: 'DISCARDED',
      totalSeconds: expect.any(Number),
      target: { time: expect.any(String) },
      connection: null,
      verification: { passed: true },
    })
    expect(node.verification.checks).toContainEqual({ name: 'assertion 1', status: 'OK' })
    expect(cluster.summary.lastProof.id).toMatch(/^Recovery:/)
    const left = await facts.exec('barman', ['ls', '/var/lib/barman/recoveries'])
    expect(left.trim()).toBe('')
  })

  test('that takes too long is an issue, until one has not', async () => {
    await putEveryMinute({ kind: 'REHEARSE_RECOVERY', input: { ...INPUT, budgetSeconds: 1 } })
    const [run] = await untilRuns(1, 'FAILING')
    expect(run?.error?.code).toBe('RECOVERY_TOO_SLOW')
    expect(await issues()).toMatchObject([
      { code: 'SCHEDULE_FAILING', message: expect.stringContaining('may take 1 s') },
    ])
    await putEveryMinute({ kind: 'REHEARSE_RECOVERY', input: INPUT })
    await untilRuns(2, 'OK')
    expect(await issues()).toEqual([])
  })
})
