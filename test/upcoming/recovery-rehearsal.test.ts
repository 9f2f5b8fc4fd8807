import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiClient, createApiClient } from '../support/api-client.ts'
import { leaderName } from '../support/cluster-facts.ts'
import { performOperation, requestOperation } from '../support/operation-client.ts'
import { leaderSql } from '../support/sql.ts'
import { stack } from '../support/stack.ts'
import { waitForBackups, waitForHealthyCluster } from '../support/stack-conditions.ts'
import { waitFor } from '../support/wait-for.ts'

const facts = stack()
let api: ApiClient

interface Moment {
  readonly time: string
  readonly lsn: string
  readonly xid: string
}
const moments: Moment[] = []

/** One row more, and where it was committed. */
async function insert(n: number): Promise<void> {
  const [written] = await leaderSql<{ xid: string }>(
    facts,
    `INSERT INTO rehearsed VALUES (${n}) RETURNING pg_current_xact_id()::text AS xid`,
  )
  const [at] = await leaderSql<{ time: string; lsn: string }>(
    facts,
    `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS time, pg_current_wal_insert_lsn()::text AS lsn`,
  )
  if (written === undefined || at === undefined) throw new Error('no row')
  // The target has milliseconds: the next commit is of another one.
  await new Promise((resolve) => setTimeout(resolve, 20))
  moments[n] = { xid: written.xid, ...at, time: new Date(Date.parse(at.time) + 5).toISOString() }
}

const CONNECTION =
  'status connection { host port database user password } verification { passed checks { name status message } } reached { time lsn xid } restoreSeconds replaySeconds'
interface RecoveryView {
  readonly status: string
  readonly connection: { host: string; port: number; database: string; user: string; password: string } | null
  readonly verification: {
    passed: boolean
    checks: { name: string; status: string; message: string | null }[]
  } | null
  readonly restoreSeconds: number | null
  readonly replaySeconds: number | null
}

async function readRecovery(id: string): Promise<RecoveryView> {
  const query = `query ($id: ID!) { node(id: $id) { ... on Recovery { ${CONNECTION} } } }`
  return (await api.query<{ node: RecoveryView }>(query, { id: `Recovery:${id}` })).node
}

async function rows(sql: string, { connection }: RecoveryView): Promise<string[]> {
  if (connection === null) throw new Error('nobody is let in')
  const client = new pg.Client(connection)
  await client.connect()
  try {
    return (await client.query<{ n: unknown }>(sql)).rows.map(({ n }) => String(n))
  } finally {
    await client.end()
  }
}

async function rehearse(input: Record<string, unknown>): Promise<{ id: string; recovery: RecoveryView }> {
  const { operation } = await performOperation(api, 'rehearseRecovery', input)
  expect(operation.error).toBeNull()
  return { id: operation.id, recovery: await readRecovery(operation.id) }
}

async function discard(recovery: string): Promise<void> {
  const { operation } = await performOperation(api, 'discardRecovery', { recovery })
  expect(operation.status).toBe('SUCCEEDED')
  expect((await readRecovery(recovery)).status).toBe('DISCARDED')
}

async function untilRecoverable(target: Record<string, unknown>): Promise<void> {
  const query = `query ($target: RecoveryTargetInput!) { cluster { backupServer { canRecoverTo(target: $target) { recoverable reasons } } } }`
  await waitFor(`${JSON.stringify(target)} to be recoverable`, async () => {
    const { cluster } = await api.query<{ cluster: { backupServer: { canRecoverTo: { recoverable: boolean } } } }>(
      query,
      { target },
    )
    return cluster.backupServer.canRecoverTo.recoverable
  })
}

beforeAll(async () => {
  api = createApiClient({ url: facts.apiUrl, token: facts.tokens.operator })
  await waitForHealthyCluster(api)
  await leaderSql(facts, 'DROP TABLE IF EXISTS rehearsed')
  await leaderSql(facts, 'CREATE TABLE rehearsed (n int PRIMARY KEY)')
  await waitForBackups(api)
  const { operation } = await performOperation(api, 'createBackup', { type: 'FULL' })
  expect(operation.status).toBe('SUCCEEDED')
  await insert(1)
  await insert(2)
  const second = await performOperation(api, 'createBackup', {
    type: 'INCREMENTAL',
    parent: operation.result?.backupId,
  })
  expect(second.operation.status).toBe('SUCCEEDED')
  await insert(3)
  await leaderSql(facts, "SELECT pg_create_restore_point('before-four')")
  await insert(4)
  await insert(5)
  await leaderSql(facts, 'DROP TABLE rehearsed')
  await performOperation(api, 'switchWal', { force: true })
  await untilRecoverable({ time: moments[4]?.time })
})
afterAll(async () => {
  await api.close()
})

describe('rehearseRecovery', () => {
  test('finds a dropped table as it was at a time, for reading alone, and leaves the cluster alone', async () => {
    const assertions = [
      { sql: 'SELECT count(*) FROM rehearsed', expect: '4' },
      { sql: 'SELECT max(n) FROM rehearsed', expect: '5' },
    ]
    const { id, recovery } = await rehearse({ target: { time: moments[4]?.time }, assertions })
    expect(recovery).toMatchObject({ status: 'READY', verification: { passed: false } })
    const checks = Object.fromEntries((recovery.verification?.checks ?? []).map((check) => [check.name, check.status]))
    expect(checks).toMatchObject({
      consistent: 'OK',
      checksums: 'OK',
      pg_amcheck: 'OK',
      target: 'OK',
      'assertion 1': 'OK',
      'assertion 2': 'FAILED',
    })
    expect(recovery.connection?.port).toBe(facts.ports['BARMAN_POSTGRES_PORT'])
    expect(await rows('SELECT n FROM rehearsed ORDER BY n', recovery)).toEqual(['1', '2', '3', '4'])
    await expect(rows('INSERT INTO rehearsed VALUES (9)', recovery)).rejects.toThrow(/read-only/)
    await expect(leaderSql(facts, 'SELECT * FROM rehearsed')).rejects.toThrow(/does not exist/)
    const again = await requestOperation(api, 'rehearseRecovery', { target: { immediate: true } })
    expect(again.refusals).toMatchObject([{ code: 'RECOVERY_EXISTS' }])
    await discard(id)
    await expect(rows('SELECT 1 AS n', recovery)).rejects.toThrow()
    expect(await facts.exec('barman', ['ls', '-A', '/var/lib/barman/recoveries'])).toBe('')
  })

  test.each([
    ['a transaction, exclusive', () => ({ xid: moments[4]?.xid, inclusive: false }), ['1', '2', '3']],
    ['a position', () => ({ lsn: moments[3]?.lsn }), ['1', '2', '3']],
    ['a restore point', () => ({ name: 'before-four' }), ['1', '2', '3']],
    ['the end of the backup', () => ({ immediate: true }), ['1', '2']],
  ])('stops exactly at %s', async (_, target, expected) => {
    const { id, recovery } = await rehearse({ target: target() })
    expect(recovery).toMatchObject({ status: 'READY', verification: { passed: true } })
    expect(await rows('SELECT n FROM rehearsed ORDER BY n', recovery)).toEqual(expected)
    await discard(id)
  })

  test('refuses what cannot be reached, before anything is touched', async () => {
    const refusalOf = async (input: Record<string, unknown>) =>
      (await requestOperation(api, 'rehearseRecovery', input)).refusals[0]
    const soon = new Date(Date.now() + 3_600_000).toISOString()
    expect(await refusalOf({ target: { time: soon } })).toMatchObject({ code: 'TARGET_IN_FUTURE', field: 'target' })
    expect(await refusalOf({ target: { time: '2020-01-01T00:00:00Z' } })).toMatchObject({
      code: 'TARGET_NOT_RECOVERABLE',
      remedy: expect.stringContaining('nearest recoverable point'),
    })
    expect(await refusalOf({ backup: '20200101T000000' })).toMatchObject({ code: 'UNKNOWN_BACKUP', field: 'backup' })
  })
})

describe('recoverCluster with a manual cut over', () => {
  test('is READY beside the running cluster, and gives its place back', async () => {
    const leader = await leaderName(api)
    const node = leader === 'db2' ? 'db3' : 'db2'
    const admin = createApiClient({ url: facts.apiUrl, token: facts.tokens.admin })
    const input = { target: { time: moments[5]?.time }, node, cutOver: 'MANUAL', confirm: 'patroni' }
    const { operation } = await performOperation(admin, 'recoverCluster', input)
    expect(operation.error).toBeNull()
    const recovery = await readRecovery(operation.id)
    expect(recovery).toMatchObject({ status: 'READY', verification: { passed: true } })
    expect(await rows('SELECT n FROM rehearsed ORDER BY n', recovery)).toEqual(['1', '2', '3', '4', '5'])
    await discard(operation.id)
    const left = await facts.exec(node, ['find', '/var/lib/postgresql/17', '-maxdepth', '1', '-name', '*.recovery-*'])
    expect(left).toBe('')
    await admin.close()
  })
})
