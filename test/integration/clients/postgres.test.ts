import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { createPostgresClient, type PostgresClient } from '../../../src/clients/postgres/postgres-client.ts'
import { UnreachableError } from '../../../src/domain/errors.ts'
import { wantedInstead } from '../../../src/domain/parameter.ts'
import { docker } from '../../support/docker.ts'
import { waitFor } from '../../support/wait-for.ts'
import { type PostgresServer, startPrimary, startStandby } from './postgres-servers.ts'

let primary: PostgresServer
let standby: PostgresServer
const clients: PostgresClient[] = []

beforeAll(async () => {
  primary = await startPrimary()
  await primary.sql('CREATE ROLE howdah LOGIN')
  await primary.sql('GRANT pg_monitor TO howdah')
  await primary.sql('CREATE ROLE stranger LOGIN')
  await primary.sql(`SELECT pg_create_physical_replication_slot('barman', true)`)
  standby = await startStandby(primary)
})
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()))
})
afterAll(async () => {
  await Promise.all([primary?.remove(), standby?.remove()])
})

function connect(server: PostgresServer, user = 'howdah') {
  const node = { name: 'db1', host: server.address, port: 5432 }
  const client = createPostgresClient({ node, user, password: '', timeoutMs: 1_000 })
  clients.push(client)
  return client
}

it('a primary tells its position, its slots and its archiver', async () => {
  await primary.sql('SELECT pg_switch_wal()')
  const client = connect(primary)
  const status = await waitFor('a failed archiving', async () => {
    const read = await client.readStatus()
    return (read.archiver?.failedCount ?? 0) > 0 && read
  })
  expect(status).toMatchObject({ inRecovery: false, receivedLsn: null, replayedLsn: null, replayLagSeconds: null })
  expect(status.version).toMatch(/^17\.\d+$/)
  expect(status.lsn).toBeTypeOf('bigint')
  expect(status.slots).toMatchObject([{ name: 'barman', slotType: 'physical', active: false, database: null }])
  expect(status.slots[0]?.retainedBytes).toBeGreaterThan(0)
  expect(status.archiver?.pendingSegments).toBeGreaterThan(0)
  expect(status.archiver?.lastFailedWal).toMatch(/^[0-9A-F]{24}$/)
  expect(status.archiver?.lastFailedAt).toBeInstanceOf(Date)
  expect(await client.readDatabaseBytes()).toBeGreaterThan(1_000_000)
})

it('a primary estimates the rows of its tables, in every database that it lets the role into', async () => {
  await primary.sql('CREATE DATABASE closed')
  await primary.sql('REVOKE CONNECT ON DATABASE closed FROM PUBLIC')
  await primary.sql('CREATE TABLE "Some orders" AS SELECT generate_series(1, 500) AS id')
  await primary.sql('CREATE TABLE never_analyzed (id int)')
  await primary.sql('ANALYZE "Some orders"')
  const { databases, relations } = await connect(primary).readRowEstimates()
  expect(databases).toMatchObject({ postgres: 'READ', closed: 'UNREAD' })
  expect(relations).toContainEqual({ database: 'postgres', relation: 'public."Some orders"', rows: 500 })
  expect(relations).toContainEqual({ database: 'postgres', relation: 'public.never_analyzed', rows: null })
  expect(relations.filter(({ relation }) => relation.startsWith('pg_catalog'))).toEqual([])
})

/** What may be set for every session: each of them changes what a session sees, or ends it. */
const HOSTILE: Readonly<Record<string, string>> = {
  datestyle: 'German, DMY',
  intervalstyle: 'iso_8601',
  timezone: 'Asia/Kolkata',
  bytea_output: 'escape',
  extra_float_digits: '-15',
  search_path: 'nowhere',
  row_security: 'off',
  client_min_messages: 'error',
  default_transaction_isolation: 'serializable',
  default_transaction_deferrable: 'on',
  default_transaction_read_only: 'on',
  statement_timeout: '1ms',
  lock_timeout: '1ms',
  transaction_timeout: '1ms',
  idle_in_transaction_session_timeout: '1ms',
  idle_session_timeout: '100ms',
}

it.each(['for the cluster', 'for the role', 'for the database'])(
  'what is set %s changes nothing of what is read',
  async (where) => {
    const client = connect(primary)
    const before = await client.readStatus()
    const sessions = () =>
      primary.sql("SELECT pid FROM pg_stat_activity WHERE application_name = 'howdah' ORDER BY pid")
    const loadedAt = async () => Math.abs(Date.now() - (await client.readConfigurationLoadedAt()).getTime())
    const set = async (value: (name: string, value: string) => string) => {
      for (const [name, text] of Object.entries(HOSTILE)) await primary.sql(value(name, text))
      await primary.sql('SELECT pg_reload_conf()')
    }
    const target = {
      'for the cluster': 'SYSTEM',
      'for the role': 'ROLE howdah',
      'for the database': 'DATABASE postgres',
    }[where]
    try {
      await set((name, value) => `ALTER ${target} SET ${name} = '${value}'`)
      const own = connect(primary)
      for (const each of [own, client]) {
        const status = await each.readStatus()
        expect(status).toMatchObject({ inRecovery: false, version: before.version, slots: [{ name: 'barman' }] })
        expect(Math.abs(Date.now() - (status.archiver?.lastFailedAt?.getTime() ?? 0))).toBeLessThan(120_000)
      }
      // A session that is kept is not ended for being idle.
      const open = await sessions()
      await new Promise((resolve) => setTimeout(resolve, 300))
      expect(await sessions()).toBe(open)
      expect(await loadedAt()).toBeLessThan(60_000)
    } finally {
      await primary.sql(`ALTER ${target} RESET ALL`)
      await primary.sql('SELECT pg_reload_conf()')
    }
  },
)

it('what is said of a value is what PostgreSQL says', async () => {
  const parameters = await connect(primary).readParameters()
  expect(parameters.size).toBeGreaterThan(300)
  const values = [
    'on',
    'off',
    'OF',
    'tr',
    'maybe',
    '',
    '0',
    '1',
    '-1',
    '5',
    '1.5',
    '0x10',
    '1e3',
    ' 8MB',
    '8 MB',
    '8mb',
  ].concat([
    '8kB',
    '4000kB',
    '1TB',
    '3s',
    '10min',
    '2 h',
    '1d',
    '250us',
    'lots',
    'replica',
    'LOGICAL',
    'warning',
    'debug',
    'hot_standby',
    'yes',
    'local',
    '9999999999',
  ])
  const names = [
    'work_mem',
    'shared_buffers',
    'wal_keep_size',
    'max_connections',
    'statement_timeout',
    'checkpoint_timeout',
  ]
    .concat([
      'autovacuum',
      'log_connections',
      'wal_level',
      'log_min_messages',
      'synchronous_commit',
      'random_page_cost',
    ])
    .concat(['checkpoint_completion_target', 'vacuum_cost_delay', 'port', 'bgwriter_delay', 'extra_float_digits'])
  const pairs = names.flatMap((name) => values.map((value) => ({ name, value })))
  // One call for all: each statement by itself, and what PostgreSQL says of it.
  const said = await primary.sql(`DO $$ DECLARE each record; BEGIN
    CREATE TEMP TABLE said (name text, value text, takes boolean);
    FOR each IN SELECT * FROM json_to_recordset('${JSON.stringify(pairs)}') AS pair (name text, value text) LOOP
      BEGIN
        EXECUTE format('CREATE OR REPLACE FUNCTION probe() RETURNS void LANGUAGE sql SET %s TO %L AS $f$ SELECT $f$', each.name, each.value);
        INSERT INTO said VALUES (each.name, each.value, true);
      EXCEPTION WHEN cant_change_runtime_param THEN INSERT INTO said VALUES (each.name, each.value, NULL);
      WHEN OTHERS THEN INSERT INTO said VALUES (each.name, each.value, false);
      END;
    END LOOP; END $$; SELECT json_agg(said) FROM said`)
  const answers = JSON.parse(said) as { name: string; value: string; takes: boolean | null }[]
  const differing = answers.filter(({ name, value, takes }) => {
    const parameter = parameters.get(name)
    return parameter !== undefined && takes !== null && (wantedInstead(parameter, value) === null) !== takes
  })
  expect(answers.filter(({ takes }) => takes !== null).length).toBeGreaterThan(200)
  expect(differing).toEqual([])
})

it('a role that may not list the archive status reads the rest', async () => {
  const status = await connect(primary, 'stranger').readStatus()
  expect(status.archiver).toMatchObject({ pendingSegments: null })
})

it('a standby that has replayed all is 0 seconds behind, and one that is paused falls behind', async () => {
  const client = connect(standby)
  await waitFor('the standby to stream', async () => (await client.readStatus()).replayLagSeconds === 0)
  const status = await client.readStatus()
  expect(status).toMatchObject({ inRecovery: true, archiver: null })
  expect(status.receivedLsn).toBeTypeOf('bigint')
  await primary.sql('CREATE TABLE written_before AS SELECT 1')
  await waitFor('the table', () => standby.sql('SELECT count(*) FROM written_before'))
  await standby.sql('SELECT pg_wal_replay_pause()')
  try {
    await primary.sql('CREATE TABLE written_meanwhile AS SELECT 1')
    await waitFor('lag', async () => ((await client.readStatus()).replayLagSeconds ?? 0) > 0)
  } finally {
    await standby.sql('SELECT pg_wal_replay_resume()')
  }
  await waitFor('no lag', async () => (await client.readStatus()).replayLagSeconds === 0)
})

it('a reload changes when the configuration was last read', async () => {
  const client = connect(primary)
  const before = await client.readConfigurationLoadedAt()
  expect(await client.readConfigurationLoadedAt()).toEqual(before)
  await primary.sql('SELECT pg_reload_conf()')
  await waitFor('the reload', async () => (await client.readConfigurationLoadedAt()) > before)
})

it('a running base backup tells how far it is', async () => {
  const client = connect(primary)
  expect(await client.readBaseBackupProgress()).toEqual([])
  const command = `pg_basebackup -h ${primary.address} -D /tmp/copy --max-rate 8M --checkpoint fast`
  const backup = standby.exec('sh', '-c', `${command} && rm -rf /tmp/copy`)
  const progress = await waitFor('progress', async () => {
    const [read] = await client.readBaseBackupProgress()
    return read !== undefined && read.bytesStreamed > 0 && read
  })
  expect(progress).toMatchObject({ applicationName: 'pg_basebackup', phase: 'streaming database files' })
  expect(progress.clientAddress).toBe(standby.address)
  expect(progress.bytesTotal).toBeGreaterThan(progress.bytesStreamed)
  await backup
})

it('a frozen server costs no more than the timeout, and answers again when it thaws', async () => {
  const client = connect(standby)
  await client.readStatus()
  await docker('pause', standby.name)
  try {
    await expect(client.readStatus()).rejects.toThrow(UnreachableError)
    await expect(client.readStatus()).rejects.toThrow(/db1/)
  } finally {
    await docker('unpause', standby.name)
  }
  await waitFor('an answer', () => client.readStatus())
})

it('a session that was ended is reopened, and closing leaves none', async () => {
  const client = connect(primary)
  await client.readStatus()
  const sessions = () => primary.sql(`SELECT count(*) FROM pg_stat_activity WHERE application_name = 'howdah'`)
  await primary.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'howdah'`)
  await waitFor('an answer', () => client.readStatus())
  expect(await sessions()).toBe('1')
  await client.close()
  await waitFor('no session', async () => (await sessions()) === '0')
})
