import { afterAll, beforeAll, expect, test } from 'vitest'
import { settingsPatch } from '../support/load/user-settings.ts'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import { performOperation } from '../support/stack/operation-client.ts'
import { leaderSql } from '../support/stack/sql.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForBackups, waitForHealthyCluster, waitForNothingRunning } from '../support/stack/stack-conditions.ts'
import { waitFor } from '../support/wait-for.ts'

const facts = stack()
const LIMITS = { max_slot_wal_keep_size: '32MB', wal_keep_size: '16MB' }
let api: ApiClient

beforeAll(async () => {
  api = createApiClient({ url: facts.apiUrl, token: facts.tokens.admin })
  await waitForHealthyCluster(api)
  await waitForBackups(api)
  await configure(LIMITS)
})
afterAll(async () => {
  await facts.start('barman')
  await configure({ max_slot_wal_keep_size: null, wal_keep_size: '256MB' })
  await waitForNothingRunning(api)
  api.close()
})

async function configure(parameters: Readonly<Record<string, string | null>>): Promise<void> {
  const { operation } = await performOperation(api, 'updateConfiguration', { patch: settingsPatch(parameters) })
  expect(operation).toMatchObject({ status: 'SUCCEEDED', error: null })
}

interface Slot {
  readonly active: boolean
  readonly wal_status: string
}

async function slotOfBarman(): Promise<Slot | undefined> {
  const [slot] = await leaderSql<Slot & object>(
    facts,
    `SELECT active, wal_status FROM pg_replication_slots WHERE slot_name = 'barman'`,
  )
  return slot
}

async function fillSegments(count: number): Promise<void> {
  for (let segment = 0; segment < count; segment += 1) {
    await leaderSql(facts, `SELECT pg_logical_emit_message(false, 'fill', repeat('x', 12000000))`)
    await leaderSql(facts, 'SELECT pg_switch_wal()')
  }
  await leaderSql(facts, 'CHECKPOINT')
}

const issueCodes = async () => {
  const { cluster } = await api.query<{ cluster: { health: { issues: { code: string }[] } } }>(
    '{ cluster { health { issues { code } } } }',
  )
  return cluster.health.issues.map(({ code }) => code)
}

test("a slot of Barman's that is lost is said, made again when its receiver runs, and leaves no gap", async () => {
  // Barman's own cron would start its receiver again.
  await facts.stop('barman')
  await waitFor('the slot to be left', async () => (await slotOfBarman())?.active === false)
  await fillSegments(8)
  // The first checkpoint beyond the limit takes its WAL away, the next one finds that it is gone.
  await waitFor('the slot to be lost', async () => {
    await fillSegments(1)
    return (await slotOfBarman())?.wal_status === 'lost'
  })
  await waitFor('health to say so', async () => (await issueCodes()).includes('SLOT_LOST'))

  await facts.start('barman')
  await waitFor(
    'streaming',
    async () => {
      const slot = await slotOfBarman()
      if (slot?.active === true && slot.wal_status === 'reserved') return true
      throw new Error(JSON.stringify(slot ?? 'no slot'))
    },
    { timeoutMs: 60_000 },
  )
  await waitFor('health to be rid of it', async () => !(await issueCodes()).includes('SLOT_LOST'))
  await waitForBackups(api)
  await fillSegments(1)
  const { operation } = await performOperation(api, 'switchWal', { force: true })
  expect(operation).toMatchObject({ status: 'SUCCEEDED', error: null })
  const { cluster } = await api.query<{ cluster: { backupServer: { walArchive: { gaps: object[] } } } }>(
    '{ cluster { backupServer { walArchive { gaps { after before missingCount } } } } }',
  )
  expect(cluster.backupServer.walArchive.gaps).toEqual([])
}, 300_000)
