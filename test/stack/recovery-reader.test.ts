import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import { performOperation } from '../support/stack/operation-client.ts'
import { type RecoveryView, recover, recoveryOf, rows, untilRecoverable } from '../support/stack/recovery-client.ts'
import { leaderSql } from '../support/stack/sql.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForBackups, waitForHealthyCluster } from '../support/stack/stack-conditions.ts'

const facts = stack()
const OBJECT = 424_242
let api: ApiClient
let lsn = ''

const statusOf = ({ verification }: RecoveryView, name: string) =>
  verification?.checks.find((check) => check.name === name)
const discard = (recovery: string) => performOperation(api, 'discardRecovery', { recovery })

async function clean(): Promise<void> {
  await leaderSql(facts, `ALTER SYSTEM RESET statement_timeout`)
  await leaderSql(facts, 'SELECT pg_reload_conf(), pg_sleep(0.1)')
  for (const name of ['closed', 'older', 'hasty'])
    await leaderSql(facts, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
  await leaderSql(facts, 'DROP TABLE IF EXISTS accounts')
  await leaderSql(facts, `SELECT lo_unlink(oid) FROM pg_largeobject_metadata WHERE oid = ${OBJECT}`)
}

beforeAll(async () => {
  api = createApiClient({ url: facts.apiUrl, token: facts.tokens.operator })
  await waitForHealthyCluster(api)
  await clean()
  // Row-level security, for its owner as well; a database without any grant; an object that is the superuser's.
  await leaderSql(facts, 'CREATE TABLE accounts AS SELECT n FROM generate_series(1, 500) AS n')
  await leaderSql(facts, 'ALTER TABLE accounts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY')
  await leaderSql(facts, `SELECT lo_from_bytea(${OBJECT}, 'the object')`)
  await leaderSql(facts, 'CREATE DATABASE closed')
  await leaderSql(facts, 'REVOKE CONNECT ON DATABASE closed FROM PUBLIC')
  await leaderSql(facts, 'CREATE SCHEMA shop; CREATE TABLE shop.orders AS SELECT 42 AS id', 'closed')
  // An older library's collation, and a database in a hurry.
  await leaderSql(facts, `CREATE DATABASE older LOCALE_PROVIDER icu ICU_LOCALE 'en' TEMPLATE template0`)
  await leaderSql(
    facts,
    `CREATE EXTENSION amcheck; CREATE TABLE words AS SELECT 'word ' || n AS word FROM generate_series(1, 500) AS n; CREATE INDEX ON words (word)`,
    'older',
  )
  await leaderSql(facts, `UPDATE pg_database SET datcollversion = '1.0' WHERE datname = 'older'`)
  await leaderSql(facts, 'CREATE DATABASE hasty')
  await leaderSql(
    facts,
    'CREATE TABLE much AS SELECT n, md5(n::text) AS text FROM generate_series(1, 1000000) AS n; CREATE INDEX ON much (text)',
    'hasty',
  )
  await leaderSql(facts, `ALTER DATABASE hasty SET statement_timeout = '5ms'`)
  await leaderSql(facts, `ALTER ROLE rehearsal SET statement_timeout = '5ms'`)
  await leaderSql(facts, `ALTER SYSTEM SET statement_timeout = '200ms'`)
  await leaderSql(facts, 'SELECT pg_reload_conf()')
  await waitForBackups(api)
  const { operation } = await performOperation(api, 'createBackup', { type: 'FULL' })
  expect(operation.status).toBe('SUCCEEDED')
  const [at] = await leaderSql<{ lsn: string }>(facts, 'SELECT pg_current_wal_insert_lsn()::text AS lsn')
  lsn = at?.lsn ?? ''
  await leaderSql(facts, 'CREATE TABLE accounts_later AS SELECT 1 AS n')
  await leaderSql(facts, 'DROP TABLE accounts_later')
  await performOperation(api, 'switchWal', { force: true })
  await untilRecoverable(api, { lsn })
}, 600_000)
afterAll(async () => {
  await leaderSql(facts, 'ALTER ROLE rehearsal RESET statement_timeout')
  await clean()
  await api.close()
})

describe('a rehearsal', () => {
  let id: string
  let recovery: RecoveryView
  beforeAll(async () => {
    const assertions = [
      { sql: 'SELECT count(*) FROM accounts', expect: '500' },
      { database: 'closed', sql: 'SELECT id FROM shop.orders', expect: '42' },
      { sql: `SELECT convert_from(lo_get(${OBJECT}), 'UTF8')`, expect: 'the object' },
      { database: 'hasty', sql: 'SELECT count(*) FROM much', expect: '1000000' },
      { sql: 'SELECT current_user', expect: 'rehearsal' },
    ]
    const made = await recover(api, 'rehearseRecovery', { target: { lsn }, assertions, requireVerified: true })
    id = made.id
    recovery = made.recovery
  }, 300_000)
  afterAll(async () => {
    await discard(id)
  })

  test('sees every row, every database and every object by its assertions', () => {
    for (const number of [1, 2, 3, 4, 5])
      expect(statusOf(recovery, `assertion ${number}`)).toMatchObject({ status: 'OK' })
  })

  test('is sound, whatever timeouts its cluster, its databases and its roles have', () => {
    expect(recovery.verification?.passed).toBe(true)
    for (const name of ['consistent', 'checksums', 'pg_amcheck'])
      expect(statusOf(recovery, name)).toMatchObject({ status: 'OK' })
  })

  test('warns of a collation that is older than the library', () => {
    expect(statusOf(recovery, 'collations')).toMatchObject({
      status: 'WARNING',
      message: expect.stringContaining('database older'),
    })
  })

  test('lets its reader see the same rows and objects, and says which databases it does not let in', async () => {
    expect(await rows(recovery, 'SELECT count(*) AS n FROM accounts')).toEqual(['500'])
    expect(await rows(recovery, `SELECT convert_from(lo_get(${OBJECT}), 'UTF8') AS n`)).toEqual(['the object'])
    expect(statusOf(recovery, 'readers')).toMatchObject({
      status: 'WARNING',
      message: expect.stringContaining('database closed, for want of CONNECT'),
    })
  })
})

describe('a rehearsal whose verification does not pass', () => {
  const assertions = [
    { sql: 'SELECT count(*) FROM accounts', expect: '501' },
    { sql: 'SELECT pg_sleep(1) FROM nowhere', expect: '' },
    { sql: 'SELEC 1', expect: '1' },
    { sql: 'SELECT 1; RESET SESSION AUTHORIZATION', expect: '1' },
  ]

  test('is READY, and its operation says so in its last event', async () => {
    const { operation, events } = await performOperation(api, 'rehearseRecovery', { target: { lsn }, assertions })
    const recoveryId = operation.id.replace('Operation:', 'Recovery:')
    const recovery = await recoveryOf(api, recoveryId)
    await discard(recoveryId)
    expect(events.at(-1)?.message).toContain('READY, but its verification did not pass: failed: assertion 1: ')
    expect(recovery).toMatchObject({ status: 'READY', verification: { passed: false } })
    for (const number of [1, 2, 3, 4])
      expect(statusOf(recovery, `assertion ${number}`)).toMatchObject({ status: 'FAILED' })
    expect(statusOf(recovery, 'assertion 2')?.message).toContain('does not exist')
    expect(statusOf(recovery, 'assertion 3')?.message).toContain('syntax error')
  })

  test('is FAILED where it has to be verified, with its checks kept and its copy gone', async () => {
    const input = { target: { lsn }, assertions, requireVerified: true }
    const { operation } = await performOperation(api, 'rehearseRecovery', input)
    expect(operation).toMatchObject({ status: 'FAILED', error: { code: 'RECOVERY_NOT_VERIFIED' } })
    const recovery = await recoveryOf(api, operation.id.replace('Operation:', 'Recovery:'))
    expect(recovery).toMatchObject({ status: 'FAILED', connection: null, verification: { passed: false } })
    expect(await facts.exec('barman', ['ls', '-A', '/var/lib/barman/recoveries'])).toBe('')
  })

  test('does not take for nothing what the role of older data may not see', async () => {
    await leaderSql(facts, 'ALTER ROLE rehearsal NOBYPASSRLS')
    const [at] = await leaderSql<{ lsn: string }>(facts, 'SELECT pg_current_wal_insert_lsn()::text AS lsn')
    await leaderSql(facts, 'ALTER ROLE rehearsal BYPASSRLS')
    await performOperation(api, 'switchWal', { force: true })
    await untilRecoverable(api, { lsn: at?.lsn })
    const { id, recovery } = await recover(api, 'rehearseRecovery', {
      target: { lsn: at?.lsn },
      assertions: [{ sql: 'SELECT count(*) FROM accounts', expect: '500' }],
    })
    await discard(id)
    expect(recovery.verification?.passed).toBe(false)
    expect(statusOf(recovery, 'assertion 1')).toMatchObject({
      status: 'UNKNOWN',
      message: expect.stringMatching(/^not checked: .*row-level security/),
    })
    expect(statusOf(recovery, 'readers')?.message).toContain('all rows of postgres.public.accounts')
  })
})
