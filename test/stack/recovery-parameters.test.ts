import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import { lowerParameters, type Parameters, raiseParameters } from '../support/stack/cluster-parameters.ts'
import { discardRecoveries } from '../support/stack/discard-recoveries.ts'
import { NODES } from '../support/stack/every-node.ts'
import { recover, rows } from '../support/stack/recovery-client.ts'
import { archive, fullBackup, insert, type Moment, momentOf } from '../support/stack/recovery-moments.ts'
import { leaderSql } from '../support/stack/sql.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForHealthyCluster } from '../support/stack/stack-conditions.ts'

/** Higher than what a copy begins with (docker/agent/howdah/recovery/settings.py), so that each is asked for by the WAL. */
const LOCKS = { max_locks_per_transaction: 256 }
const ALL = {
  max_connections: 510,
  max_worker_processes: 40,
  max_wal_senders: 40,
  max_prepared_transactions: 70,
  max_locks_per_transaction: 300,
}

const facts = stack()
let api: ApiClient
let backup = ''
let before: Parameters = {}
let withLocks: Moment
let withAll: Moment
let last = { xid: '', time: '' }

/** 1,000 rows, a restore point, and another row after it. */
async function write(table: string): Promise<Moment> {
  await leaderSql(facts, `CREATE TABLE ${table} AS SELECT n FROM generate_series(1, 1000) n`)
  await leaderSql(facts, `SELECT pg_create_restore_point('${table}')`)
  const moment = await momentOf(facts)
  last = await insert(facts, `${table} VALUES (1001)`)
  return moment
}

beforeAll(async () => {
  api = createApiClient({ url: facts.apiUrl, token: facts.tokens.admin })
  await waitForHealthyCluster(api)
  await discardRecoveries({ api })
  for (const name of Object.keys(ALL)) before = { ...before, [name]: await facts.sql('db1', `SHOW ${name}`) }
  await leaderSql(facts, 'CREATE TABLE lower AS SELECT n FROM generate_series(1, 10) n')
  backup = await fullBackup(api)
  await raiseParameters({ facts, api }, LOCKS)
  withLocks = await write('more_locks')
  await raiseParameters({ facts, api }, ALL)
  withAll = await write('more_of_all')
  await archive({ facts, api }, { time: last.time })
}, 600_000)
afterEach(() => discardRecoveries({ api }))
afterAll(async () => {
  await lowerParameters({ facts, api }, before)
  for (const node of NODES) {
    for (const [name, value] of Object.entries(before)) expect(await facts.sql(node, `SHOW ${name}`)).toBe(value)
  }
  await leaderSql(facts, 'DROP TABLE IF EXISTS lower, more_locks, more_of_all')
  await api.close()
}, 600_000)

/** From the backup that was made before either was raised, with the number of rows asserted and read. */
async function expectRows(target: Record<string, unknown>, table: string, expected: number): Promise<void> {
  const sql = `SELECT count(*) AS n FROM ${table}`
  const assertions = [{ sql, expect: String(expected) }]
  const { recovery } = await recover(api, 'rehearseRecovery', { target, backup, assertions })
  const checks = recovery.verification?.checks ?? []
  expect(checks.filter(({ status }) => status !== 'OK')).toEqual([])
  expect(checks.map(({ name }) => name)).toEqual(expect.arrayContaining(['target', 'assertion 1']))
  expect(recovery).toMatchObject({ status: 'READY', verification: { passed: true } })
  expect(await rows(recovery, sql)).toEqual([String(expected)])
}

describe('max_locks_per_transaction, raised after the base backup', () => {
  test.each([
    ['a restore point', () => ({ name: 'more_locks' }), 1000],
    ['a time', () => ({ time: withLocks.time }), 1000],
    ['a position', () => ({ lsn: withLocks.lsn, inclusive: false }), 1000],
  ])('is no target: replay goes on to %s', async (_, target, expected) => {
    await expectRows(target(), 'more_locks', expected)
  })
})

describe('all five parameters, raised in one restart, and one of them for the second time', () => {
  test.each([
    ['a restore point', () => ({ name: 'more_of_all' }), 'more_of_all', 1000],
    ['a time', () => ({ time: withAll.time }), 'more_of_all', 1000],
    ["a commit's time", () => ({ time: last.time }), 'more_of_all', 1001],
    ['a position', () => ({ lsn: withAll.lsn, inclusive: false }), 'more_of_all', 1000],
    ['a transaction', () => ({ xid: last.xid }), 'more_of_all', 1001],
    ['a transaction, exclusive', () => ({ xid: last.xid, inclusive: false }), 'more_of_all', 1000],
    ['the end of the archive', () => ({}), 'more_of_all', 1001],
    ['the end of the base backup', () => ({ immediate: true }), 'lower', 10],
  ])('are no target: replay goes on to %s', async (_, target, table, expected) => {
    await expectRows(target(), table, expected)
  })

  test('is told what the archive proves of the point that was reached', async () => {
    const { recovery } = await recover(api, 'rehearseRecovery', { target: { name: 'more_of_all' }, backup })
    expect(recovery.verification?.checks.find(({ name }) => name === 'target')).toMatchObject({
      status: 'OK',
      message: expect.stringMatching(/restore point "more_of_all".*the last record is that point/),
    })
  })
})
