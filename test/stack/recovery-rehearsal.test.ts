import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import { leaderName } from '../support/stack/cluster-facts.ts'
import { performOperation, requestOperation } from '../support/stack/operation-client.ts'
import { recover, recoveryOf, rows, untilRecoverable } from '../support/stack/recovery-client.ts'
import { leaderSql } from '../support/stack/sql.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForBackups, waitForHealthyCluster } from '../support/stack/stack-conditions.ts'

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

const rehearse = (input: Record<string, unknown>) => recover(api, 'rehearseRecovery', input)

async function discard(recovery: string): Promise<void> {
  const { operation } = await performOperation(api, 'discardRecovery', { recovery })
  expect(operation.status).toBe('SUCCEEDED')
  expect((await recoveryOf(api, recovery)).status).toBe('DISCARDED')
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
  await untilRecoverable(api, { time: moments[4]?.time })
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
    expect(await rows(recovery, 'SELECT n FROM rehearsed ORDER BY n')).toEqual(['1', '2', '3', '4'])
    await expect(rows(recovery, 'INSERT INTO rehearsed VALUES (9)')).rejects.toThrow(/read-only/)
    await expect(leaderSql(facts, 'SELECT * FROM rehearsed')).rejects.toThrow(/does not exist/)
    const again = await requestOperation(api, 'rehearseRecovery', { target: { immediate: true } })
    expect(again.refusals).toMatchObject([{ code: 'RECOVERY_EXISTS' }])
    await discard(id)
    await expect(rows(recovery, 'SELECT 1 AS n')).rejects.toThrow()
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
    expect(await rows(recovery, 'SELECT n FROM rehearsed ORDER BY n')).toEqual(expected)
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

describe('recoverCluster with a manual cut-over', () => {
  test('is READY beside the running cluster, and gives its place back', async () => {
    const leader = await leaderName(api)
    const node = leader === 'db2' ? 'db3' : 'db2'
    const admin = createApiClient({ url: facts.apiUrl, token: facts.tokens.admin })
    const input = { target: { time: moments[5]?.time }, node, cutOver: 'MANUAL', confirm: 'patroni' }
    const { id, recovery } = await recover(admin, 'recoverCluster', input)
    expect(recovery).toMatchObject({ status: 'READY', verification: { passed: true } })
    expect(await rows(recovery, 'SELECT n FROM rehearsed ORDER BY n')).toEqual(['1', '2', '3', '4', '5'])
    await discard(id)
    const left = await facts.exec(node, ['find', '/var/lib/postgresql/17', '-maxdepth', '1', '-name', '*.recovery-*'])
    expect(left).toBe('')
    await admin.close()
  })
})
