import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForHealthyCluster } from '../support/stack/stack-conditions.ts'
import { waitFor } from '../support/wait-for.ts'

const facts = stack()
const NAME = 'every-minute'
let api: ApiClient
beforeAll(async () => {
  api = createApiClient({ url: facts.apiUrl, token: facts.tokens.admin })
  await waitForHealthyCluster(api)
})
afterAll(async () => {
  await api.query(`mutation { deleteSchedule(name: "${NAME}") { refusals { code } } }`)
  await waitForHealthyCluster(api)
  await api.close()
})

interface Run {
  readonly status: string
  readonly requestedAt: string
  readonly idempotencyKey: string
  readonly requestedBy: { readonly surface: string }
}

async function scheduleNow() {
  const query = `{ cluster { schedules { name state lastRefusal { code }
    runs(first: 10) { edges { node { status requestedAt idempotencyKey requestedBy { surface } } } } } } }`
  const { cluster } = await api.query<{
    cluster: { schedules: { name: string; state: string; runs: { edges: { node: Run }[] } }[] }
  }>(query)
  const found = cluster.schedules.find(({ name }) => name === NAME)
  if (found === undefined) throw new Error('there is no such schedule')
  return { ...found, runs: found.runs.edges.map(({ node }) => node) }
}

const untilRuns = (count: number) =>
  waitFor(
    `${count} runs that have ended`,
    async () => {
      const { runs, state } = await scheduleNow()
      if (runs.length >= count && state === 'OK') return runs
      throw new Error(`${state}, ${JSON.stringify(runs)}`)
    },
    { timeoutMs: 150_000, intervalMs: 1000 },
  )

test('a slot is one operation, though API, worker and Redis are killed around it', async () => {
  const input = { name: NAME, kind: 'CHECK_BACKUP_SERVER', cron: '* * * * *', deadlineSeconds: 300 }
  const put =
    'mutation ($input: PutScheduleInput!) { putSchedule(input: $input) { schedule { state } refusals { code } } }'
  expect(await api.query(put, { input })).toEqual({ putSchedule: { schedule: { state: 'OK' }, refusals: [] } })
  await untilRuns(1)
  // A second before the next minute: what is killed is not back at the slot.
  await waitFor('the end of the minute', () => new Date().getUTCSeconds() === 59, { timeoutMs: 70_000 })
  const killed = ['redis', 'worker', 'api']
  await Promise.all(killed.map((service) => facts.kill(service)))
  await Promise.all(killed.map((service) => facts.start(service)))
  await waitForHealthyCluster(api)
  const runs = await untilRuns(2)
  const slots = runs.map(({ idempotencyKey }) => idempotencyKey)
  expect(new Set(slots).size).toBe(slots.length)
  expect(runs.map(({ requestedBy }) => requestedBy.surface)).toEqual(runs.map(() => 'SCHEDULE'))
  // Minute by minute, none left out.
  const minutes = slots.map((key) => Date.parse(key.split(':').slice(3).join(':')) / 60_000).sort((a, b) => a - b)
  expect(minutes).toEqual(minutes.map((_, index) => (minutes[0] ?? 0) + index))
})
