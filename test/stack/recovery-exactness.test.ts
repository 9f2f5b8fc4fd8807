import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseLsn } from '../../src/domain/lsn.ts'
import { type ApiClient, createApiClient } from '../support/api-client.ts'
import { readBackups } from '../support/backup-client.ts'
import { leaderName } from '../support/cluster-facts.ts'
import { NODES, onEveryNode } from '../support/every-node.ts'
import { reportExactness } from '../support/exactness-report.ts'
import { NUMBERED, type Numbered, type NumberedWriters, startNumberedWriters } from '../support/numbered-writers.ts'
import { performOperation } from '../support/operation-client.ts'
import { type RandomTarget, randomTarget, readWindows, TARGET_KINDS } from '../support/random-target.ts'
import { type RecoveryView, recover, recoveryOf, untilRecoverable } from '../support/recovery-client.ts'
import { discardRecoveries } from '../support/recovery-kill-cases.ts'
import { randomOf, seedOfRun } from '../support/shuffle.ts'
import { leaderSql } from '../support/sql.ts'
import { stack } from '../support/stack.ts'
import {
  waitForBackups,
  waitForBackupsDone,
  waitForHealthyCluster,
  waitForNothingRunning,
} from '../support/stack-conditions.ts'
import { waitFor } from '../support/wait-for.ts'
import { commitsUpTo, forgetWalHistories, readWalHistory, type WalHistory } from '../support/wal-oracle.ts'

/** How many targets: HOWDAH_TARGETS, or `npm run test:exactness -- 200`. */
const COUNT = Number(process.env['HOWDAH_TARGETS'] ?? 8)
const CLIENTS = 4
const confirm = 'patroni'

const facts = stack()
const seed = seedOfRun()
const random = randomOf(seed)
let api: ApiClient
const acknowledged: Numbered[] = []
const histories = new Map<number, WalHistory>()
const backupIds: string[] = []
/** Where the log of the test begins. */
let startLsn = 0n

async function perform(kind: string, input: Record<string, unknown> = {}) {
  await waitForNothingRunning(api)
  await waitForHealthyCluster(api)
  const { operation } = await performOperation(api, kind, input)
  if (operation.status !== 'SUCCEEDED') throw new Error(`${kind}: ${JSON.stringify(operation.error)}`)
  return operation
}

async function backup(input: Record<string, unknown>): Promise<void> {
  await waitForBackups(api)
  backupIds.push((await perform('createBackup', input)).result?.backupId ?? '')
}

/** So that something lies between two events of the history. */
async function write(writers: NumberedWriters, transactions = 60): Promise<void> {
  const until = writers.acknowledged.length + transactions
  await waitFor(`${transactions} transactions more`, () => writers.acknowledged.length >= until, { timeoutMs: 60_000 })
}

async function leaderNow(): Promise<{ time: string; lsn: string }> {
  const [now] = await leaderSql<{ time: string; lsn: string }>(
    facts,
    `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS time, pg_current_wal_lsn()::text AS lsn`,
  )
  return now ?? { time: '', lsn: '' }
}

/** Transactions from four clients, with everything among them that makes recovery difficult. */
async function makeHistory(): Promise<void> {
  startLsn = parseLsn((await leaderNow()).lsn)
  await leaderSql(facts, 'DROP TABLE IF EXISTS numbered')
  const writers = await startNumberedWriters(facts, CLIENTS)
  try {
    await write(writers)
    await backup({ type: 'FULL' })
    await write(writers)
    await leaderSql(facts, `SELECT pg_create_restore_point('first_${seed}')`)
    await write(writers)
    await perform('switchover')
    await write(writers)
    await waitForBackupsDone(() => readBackups(api))
    await backup({ type: 'INCREMENTAL', parent: backupIds[0] })
    await write(writers)
    const { time } = await leaderNow()
    await write(writers)
    await leaderSql(facts, 'SELECT pg_switch_wal()')
    await untilRecoverable(api, { time })
    await perform('recoverCluster', { target: { time }, cutOver: 'AUTOMATIC', confirm })
    await write(writers)
    await leaderSql(facts, `SELECT pg_create_restore_point('second_${seed}')`)
    await backup({ type: 'FULL' })
    await write(writers)
    await perform('switchover')
    await write(writers)
  } finally {
    await writers.stop()
    acknowledged.push(...writers.acknowledged)
  }
  await perform('switchWal', { force: true })
  await waitForBackups(api)
  await waitForBackupsDone(() => readBackups(api))
}

beforeAll(async () => {
  console.info(`seed ${seed}, ${COUNT} targets`)
  api = createApiClient({ url: facts.apiUrl, token: facts.tokens.admin })
  await waitForHealthyCluster(api)
  await makeHistory()
  const windows = await readWindows(api, backupIds)
  for (const timeline of new Set(windows.map((window) => window.timeline))) {
    histories.set(timeline, await readWalHistory(facts, { server: 'patroni', timeline, from: startLsn }))
  }
}, 900_000)
afterAll(async () => {
  await discardRecoveries({ facts, api })
  await forgetWalHistories(facts)
  const tables = await leaderSql<{ relname: string }>(facts, NUMBERED.tables)
  await leaderSql(facts, `DROP TABLE ${['numbered', ...tables.map(({ relname }) => relname)].join(', ')}`)
  api.close()
})

interface Content {
  readonly rows: readonly Numbered[]
  readonly tables: readonly string[]
}

async function contentOf({ connection }: RecoveryView): Promise<Content> {
  if (connection === null) throw new Error('nobody is let in')
  const client = new pg.Client(connection)
  await client.connect()
  try {
    const { rows } = await client.query<Numbered>(NUMBERED.rows)
    const tables = await client.query<{ relname: string }>(NUMBERED.tables)
    return { rows, tables: tables.rows.map(({ relname }) => relname) }
  } finally {
    await client.end()
  }
}

const keyOf = ({ xid, time }: { readonly xid: string; readonly time: string | bigint }) => `${xid}@${time}`

/** Exactly the transactions up to the target: none missing, none beyond, each with its table. */
function expectExactly(content: Content, { oracle, window }: RandomTarget): number {
  const history = histories.get(window.timeline)
  if (history === undefined) throw new Error(`no history of timeline ${window.timeline}`)
  const expected = new Set(commitsUpTo(history, oracle, startLsn).map(keyOf))
  const beyond = content.rows.filter((row) => !expected.has(keyOf(row)))
  expect(beyond, 'transactions beyond the target').toEqual([])
  const there = new Set(content.rows.map(({ n }) => n))
  const missing = acknowledged.filter((each) => expected.has(keyOf(each)) && !there.has(each.n))
  expect(missing, 'acknowledged transactions that are missing').toEqual([])
  const told = new Set(acknowledged.map(({ n }) => n))
  const known = acknowledged.filter((each) => expected.has(keyOf(each)))
  expect(content.rows.filter(({ n }) => told.has(n))).toHaveLength(known.length)
  expect(content.tables).toEqual(NUMBERED.tablesOf(content.rows.map(({ n }) => n)))
  return content.rows.length
}

async function draw(): Promise<RandomTarget> {
  const windows = await readWindows(api, backupIds)
  for (;;) {
    const window = windows[Math.floor(random() * windows.length)]
    const kind = TARGET_KINDS[Math.floor(random() * TARGET_KINDS.length)]
    const history = window === undefined ? undefined : histories.get(window.timeline)
    if (window === undefined || kind === undefined || history === undefined) continue
    const target = randomTarget(kind, window, history, random)
    if (target !== null) return target
  }
}

describe('a rehearsal is exact', () => {
  test.each(Array.from({ length: COUNT }, (_, index) => index + 1))('target %i', async () => {
    const target = await draw()
    const { input, backup: named, window, oracle } = target
    const said = `${JSON.stringify(input)} from ${named ?? 'whichever backup'}`
    await waitForNothingRunning(api)
    const request = { target: input, ...(named === null ? {} : { backup: named }) }
    const { id, recovery } = await recover(api, 'rehearseRecovery', request).catch((error: unknown) => {
      throw new Error(`seed ${seed}, ${said}: ${error instanceof Error ? error.message : error}`)
    })
    try {
      const content = await contentOf(recovery)
      let rows = 0
      try {
        rows = expectExactly(content, target)
      } catch (error) {
        throw new Error(`seed ${seed}, ${said}: ${error instanceof Error ? error.message : error}`, { cause: error })
      }
      await reportExactness({
        kind: oracle.kind,
        backupType: window.backup.type,
        timeline: window.timeline,
        rows,
        said,
      })
    } finally {
      await performOperation(api, 'discardRecovery', { recovery: id })
    }
  })
})

const everywhere = () =>
  onEveryNode<Content>(facts, async (name) => {
    const lines = async (sql: string) => (await facts.sql(name, sql)).split('\n').filter((line) => line !== '')
    const rows = (await lines(NUMBERED.rows)).map((line) => {
      const [n = '', xid = '', time = ''] = line.split('|')
      return { n: Number(n), xid, time }
    })
    return { rows, tables: await lines(NUMBERED.tables) }
  })

describe('the whole cluster', () => {
  test('is recovered exactly, and undone to the row, with writers all along', async () => {
    await waitForNothingRunning(api)
    const timeline = Math.max(...histories.keys())
    const windows = (await readWindows(api, backupIds)).filter((window) => window.timeline === timeline)
    const history = histories.get(timeline)
    const window = windows[0]
    if (history === undefined || window === undefined) throw new Error(`no window on timeline ${timeline}`)
    const target = randomTarget('time', window, history, random)
    if (target === null) throw new Error('the window holds no commit')

    const writers = await startNumberedWriters(facts, CLIENTS)
    try {
      await write(writers)
      const leader = await leaderName(api)
      const node = NODES.find((name) => name !== leader)
      const { id } = await recover(api, 'recoverCluster', { target: target.input, node, cutOver: 'MANUAL', confirm })
      await write(writers)
      const kept = [...writers.acknowledged]
      await perform('cutOverRecovery', { recovery: id, confirm })
      await write(writers)
      await writers.stop()
      await waitForHealthyCluster(api)

      const recovered = await everywhere()
      const first = Math.min(...writers.acknowledged.map(({ n }) => n))
      for (const content of recovered) {
        expect(content).toEqual(recovered[0])
        const rows = content.rows.filter(({ n }) => n < first)
        expectExactly(
          { rows, tables: content.tables.filter((name) => Number(name.replace(/\D/g, '')) < first) },
          target,
        )
      }
      const since = (recovered[0]?.rows ?? []).filter(({ n }) => n >= first)
      expect(since.length, 'transactions since the cut over').toBeGreaterThan(0)

      await perform('undoRecovery', { recovery: id, confirm })
      await waitForHealthyCluster(api)
      const commits = new Set(history.events.map(keyOf))
      const whole = [...acknowledged.filter((each) => commits.has(keyOf(each))), ...kept]
      for (const content of await everywhere()) {
        const there = new Set(content.rows.map(keyOf))
        expect(
          whole.filter((each) => !there.has(keyOf(each))),
          'missing after the undo',
        ).toEqual([])
        expect(
          since.filter((each) => there.has(keyOf(each))),
          'not taken back by the undo',
        ).toEqual([])
        expect(content.tables).toEqual(NUMBERED.tablesOf(content.rows.map(({ n }) => n)))
      }
      const { downtimeSeconds } = await recoveryOf(api, id)
      await reportExactness({
        kind: 'recoverCluster, undoRecovery',
        backupType: window.backup.type,
        timeline,
        rows: whole.length,
        said: `${JSON.stringify(target.input)}; writes failed for ${downtimeSeconds} s in the cut over`,
      })
    } finally {
      await writers.stop()
    }
    await waitForNothingRunning(api)
  })
})
