import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { docker } from '../support/docker.ts'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import { issuesOf } from '../support/stack/health.ts'
import { createBackup, untilEnd } from '../support/stack/operation-client.ts'
import { archive, insert, perform } from '../support/stack/recovery-moments.ts'
import { leaderSql } from '../support/stack/sql.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForBackups, waitForHealthyCluster } from '../support/stack/stack-conditions.ts'
import { waitFor } from '../support/wait-for.ts'

const facts = stack()
let api: ApiClient
let rows = 0

/** The least that a slot may keep, and nothing beside it. */
const keep = (slots: string | null, all: string) =>
  perform(api, 'updateConfiguration', {
    patch: { postgresql: { parameters: { max_slot_wal_keep_size: slots, wal_keep_size: all } } },
  })

beforeAll(async () => {
  api = createApiClient({ url: facts.apiUrl, token: facts.tokens.admin })
  await waitForHealthyCluster(api)
  await waitForBackups(api)
  await keep('32MB', '0')
  await leaderSql(facts, 'CREATE TABLE slotted (n int)')
})
afterEach(async () => {
  // Whatever was stopped, frozen or locked in it.
  await docker('restart', facts.container('barman'))
})
afterAll(async () => {
  await keep(null, '256MB')
  await leaderSql(facts, 'DROP TABLE slotted')
  await waitForBackups(api)
  await api.close()
})

const inBarman = (script: string) => facts.exec('barman', ['sh', '-c', script])

interface Slot {
  readonly wal_status: string | null
  /** Also of one that something reads from all the same. */
  readonly invalid: boolean
  readonly active: boolean
}

async function slot(): Promise<Slot | undefined> {
  const [found] = await leaderSql<Slot & Record<string, unknown>>(
    facts,
    `SELECT wal_status, invalidation_reason IS NOT NULL AS invalid, active FROM pg_replication_slots WHERE slot_name = 'barman'`,
  )
  return found
}

const keepsWal = ({ wal_status, invalid }: Slot) => !invalid && ['reserved', 'extended'].includes(wal_status ?? '')

/** Closed segments and checkpoints, until the slot is lost, or a checkpoint waits for its reader, which it has told to end. */
async function outgrowSlot(): Promise<void> {
  await waitFor(
    'the slot to be lost',
    async () => {
      for (let segment = 0; segment < 4; segment += 1) {
        await leaderSql(facts, "SELECT pg_logical_emit_message(false, 'test', 'grow'), pg_switch_wal()")
      }
      const isWaiting = await leaderSql(facts, "SET statement_timeout = '10s'; CHECKPOINT").then(
        () => false,
        (error: Error) => error.message.includes('statement timeout'),
      )
      const seen = await slot()
      if (seen?.invalid || isWaiting) return true
      throw new Error(JSON.stringify(seen))
    },
    { timeoutMs: 120_000, intervalMs: 250 },
  )
}

const issueCodes = async () => (await issuesOf(api)).map(({ code }) => code)

describe("Barman's slot, lost while", { timeout: 300_000 }, () => {
  test.each<[string, () => Promise<unknown>, () => Promise<unknown>]>([
    [
      'its receiver was away',
      async () => {
        await inBarman('sv -w 30 down /etc/service/receive-wal')
        // Barman's own cron does not start another one either.
        const lock = '/data/pg-backup/.patroni-receive-wal.lock'
        await inBarman(`pkill pg_receivewal; setsid flock ${lock} sleep 3601 > /dev/null 2>&1 &`)
        await waitFor('the lock', () => facts.exec('barman', ['pgrep', '-f', 'sleep 3601']))
      },
      async () => {
        await facts.exec('barman', ['pkill', '-f', 'sleep 3601'])
        await inBarman('sv up /etc/service/receive-wal')
      },
    ],
    [
      'its receiver hung',
      () => waitFor('its receiver', () => inBarman('pkill -STOP pg_receivewal')),
      () => inBarman('pkill -CONT pg_receivewal'),
    ],
    // What has not been archived stays on the node: the slot is lost, and its reader finds all that it needs.
    ['Barman was down', () => facts.stop('barman'), () => facts.start('barman')],
  ])('%s, is made again by itself, and no segment is missing', async (_, away, back) => {
    await away()
    await outgrowSlot()
    const { time } = await insert(facts, `slotted VALUES (${++rows})`)
    await waitFor('health to say so', async () => (await issueCodes()).some((code) => code.startsWith('SLOT_')))
    await back()
    await waitFor(
      'a slot that is kept for, and read',
      async () => {
        const seen = await slot()
        if (seen?.active && keepsWal(seen)) return true
        throw new Error(`${JSON.stringify(seen)}\n${await inBarman('tail -n 20 /var/log/barman/barman.log')}`)
      },
      { timeoutMs: 90_000, intervalMs: 500 },
    )
    await archive({ facts, api }, { time })
    await waitForBackups(api)
    await waitFor('health to be rid of it', async () => {
      const codes = await issueCodes()
      if (codes.some((code) => code.startsWith('SLOT_') || code.startsWith('WAL_'))) throw new Error(codes.join(', '))
      return true
    })
    const backup = await createBackup(api, { type: 'FULL' })
    expect(backup.refusals).toEqual([])
    expect((await untilEnd(api, backup.operation?.id ?? '')).operation).toMatchObject({ status: 'SUCCEEDED' })
    expect(await slot()).toSatisfy(keepsWal)
  })
})
