import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { addressOf } from '../support/docker.ts'
import { editConfiguration } from '../support/faults/interrupted-cut-over.ts'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import { leaderName } from '../support/stack/cluster-facts.ts'
import { lowerParameters, raiseParameters } from '../support/stack/cluster-parameters.ts'
import { discardRecoveries } from '../support/stack/discard-recoveries.ts'
import { NODES } from '../support/stack/every-node.ts'
import { recover, rows, untilBackedUp } from '../support/stack/recovery-client.ts'
import { archive, fullBackup, perform, sandboxOf, sqlInCopy } from '../support/stack/recovery-moments.ts'
import { connectToLeader, leaderSql, stackSetting } from '../support/stack/sql.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForBackups, waitForHealthyCluster } from '../support/stack/stack-conditions.ts'
import { waitFor } from '../support/wait-for.ts'

const confirm = 'patroni'
const SLOT = 'inside'
/** How long the publisher is watched: a copy that connects out does so every second or every five. */
const WATCHED_MS = 12_000
/** What a user may have set by ALTER SYSTEM, and is in the base backup. Each would change what a copy does, or when. */
const SYSTEM = {
  shared_preload_libraries: 'pg_stat_statements',
  archive_command: 'touch /tmp/archived-by-a-copy; howdah-archive-wal "patroni" %p',
  log_statement: 'ddl',
  wal_receiver_status_interval: '7s',
}

const facts = stack()
let api: ApiClient
let password = ''
let backup = ''
/** Commits after it has waited for another session's lock. */
let xid = ''

async function sqlIn(database: string, statement: string): Promise<string> {
  const leader = await leaderName(api)
  const psql = ['psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', database, '-c', statement]
  return facts.exec(leader, psql, 'postgres')
}

/** Two databases of the cluster, one of which follows a table of the other's. */
async function subscribe(): Promise<void> {
  await editConfiguration(facts, { ignore_slots: [{ name: SLOT, type: 'logical' }] })
  for (const database of ['publisher', 'subscriber']) {
    await leaderSql(facts, `CREATE DATABASE ${database}`)
    await sqlIn(database, 'CREATE TABLE published (n int PRIMARY KEY)')
  }
  await sqlIn('publisher', 'CREATE PUBLICATION outwards FOR TABLE published')
  await sqlIn('publisher', `SELECT pg_create_logical_replication_slot('${SLOT}', 'pgoutput')`)
  const conninfo = `host=haproxy port=5000 user=postgres password=${password} dbname=publisher`
  const options = `create_slot = false, slot_name = '${SLOT}', copy_data = false`
  await sqlIn(
    'subscriber',
    `CREATE SUBSCRIPTION inwards CONNECTION '${conninfo}' PUBLICATION outwards WITH (${options})`,
  )
  await publish(1, 10)
  await untilSubscribed(10)
}

async function unsubscribe(): Promise<void> {
  const databases = await sqlIn('postgres', "SELECT count(*) FROM pg_database WHERE datname = 'subscriber'")
  if (databases === '1' && (await sqlIn('subscriber', 'SELECT count(*) FROM pg_subscription')) !== '0') {
    await sqlIn('subscriber', 'ALTER SUBSCRIPTION inwards DISABLE')
    await sqlIn('subscriber', 'ALTER SUBSCRIPTION inwards SET (slot_name = NONE)')
    await sqlIn('subscriber', 'DROP SUBSCRIPTION inwards')
  }
  await waitFor('the slot to be free', async () => (await slot()).active === 'f')
  await sqlIn(
    'postgres',
    `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '${SLOT}'`,
  )
}

const publish = (from: number, to: number) =>
  sqlIn('publisher', `INSERT INTO published SELECT generate_series(${from}, ${to})`)

const untilSubscribed = (count: number) =>
  waitFor(
    `${count} rows at the live subscriber`,
    async () => (await sqlIn('subscriber', 'SELECT count(*) FROM published')) === `${count}`,
  )

async function slot(): Promise<{ active: string; confirmed: string }> {
  const sql = `SELECT active, confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = '${SLOT}'`
  const [active = 'f', confirmed = ''] = (await sqlIn('postgres', sql)).split('|')
  return { active: active === '' ? 'f' : active, confirmed }
}

/** Who is connected to the leader for its WAL, the nodes' and Barman's own apart. */
const walSenders = () =>
  sqlIn(
    'postgres',
    `SELECT count(*) FROM pg_stat_replication WHERE application_name NOT IN ('db1', 'db2', 'db3', 'db4', 'barman_receive_wal')`,
  )

async function systemSettings(): Promise<void> {
  for (const [name, value] of Object.entries(SYSTEM)) await leaderSql(facts, `ALTER SYSTEM SET ${name} = '${value}'`)
  await leaderSql(facts, "ALTER SYSTEM SET recovery_min_apply_delay = '1h'")
}

/** Lets no session in where the server is a copy. */
async function loginTrigger(): Promise<void> {
  await leaderSql(
    facts,
    `CREATE FUNCTION only_in_the_cluster() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
       IF current_setting('cluster_name') = 'howdah-recovery' THEN RAISE EXCEPTION 'not in a copy'; END IF; END $$`,
  )
  await leaderSql(facts, 'CREATE EVENT TRIGGER keeps_out ON login EXECUTE FUNCTION only_in_the_cluster()')
}

beforeAll(async () => {
  api = createApiClient({ url: facts.apiUrl, token: facts.tokens.admin })
  password = await stackSetting(facts.envFile, 'PATRONI_POSTGRESS_PASSWORD')
  await waitForHealthyCluster(api)
  await discardRecoveries({ api })
  await raiseParameters({ facts, api }, { wal_level: 'logical' })
  await leaderSql(facts, 'CREATE EXTENSION dblink')
  await leaderSql(facts, 'CREATE TABLE locked (n int)')
  await subscribe()
  await loginTrigger()
  await systemSettings()
  backup = await fullBackup(api)
  await leaderSql(facts, 'ALTER SYSTEM RESET ALL')
  const holder = await connectToLeader(facts)
  await holder.query('BEGIN; LOCK TABLE locked IN ACCESS EXCLUSIVE MODE')
  xid = await sqlIn('publisher', 'INSERT INTO published VALUES (11) RETURNING pg_current_xact_id()')
  await holder.query('COMMIT')
  await holder.end()
  await untilSubscribed(11)
  await archive({ facts, api }, { xid })
}, 600_000)
afterEach(() => discardRecoveries({ api }))
afterAll(async () => {
  await unsubscribe()
  await editConfiguration(facts, { ignore_slots: null })
  for (const name of ['publisher', 'subscriber']) await leaderSql(facts, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
  await leaderSql(facts, 'DROP EVENT TRIGGER IF EXISTS keeps_out')
  await leaderSql(facts, 'DROP FUNCTION IF EXISTS only_in_the_cluster()')
  await leaderSql(facts, 'DROP EXTENSION IF EXISTS dblink')
  await leaderSql(facts, 'DROP TABLE IF EXISTS locked')
  await leaderSql(facts, 'ALTER SYSTEM RESET ALL')
  await lowerParameters({ facts, api }, { wal_level: 'replica' })
  await waitForBackups(api)
  await api.close()
}, 600_000)

/** Of a rehearsal. */
const rootOf = (recovery: string) => `/var/lib/barman/recoveries/${recovery.replace('Recovery:', '')}`

describe('a copy that is promoted, because a transaction holds a lock at its target', () => {
  test("takes nothing of the cluster's own subscription", async () => {
    const { id, recovery } = await recover(api, 'rehearseRecovery', { target: { xid }, backup })
    expect(recovery.status).toBe('READY')
    expect(await rows(recovery, 'SELECT NOT pg_is_in_recovery() AS n')).toEqual(['true'])
    const workers = "SELECT count(*) FROM pg_stat_activity WHERE backend_type ~ 'logical|walreceiver'"
    expect(await sqlInCopy(await sandboxOf(facts, id), rootOf(id), workers)).toBe('0')
    await sqlIn('subscriber', 'ALTER SUBSCRIPTION inwards DISABLE')
    await waitFor('the live subscriber to be away', async () => (await slot()).active === 'f')
    const { confirmed } = await slot()
    await publish(101, 150)
    const seen: unknown[] = []
    const end = Date.now() + WATCHED_MS
    while (Date.now() < end) {
      seen.push({ ...(await slot()), walSenders: await walSenders() })
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    expect(new Set(seen.map((each) => JSON.stringify(each)))).toEqual(
      new Set([JSON.stringify({ active: 'f', confirmed, walSenders: '0' })]),
    )
    await sqlIn('subscriber', 'ALTER SUBSCRIPTION inwards ENABLE')
    await untilSubscribed(61)
  })

  test('goes by nothing that ALTER SYSTEM has set, and lets nothing out', async () => {
    const dsn = async (service: string, port: number) =>
      `host=${await addressOf(facts.container(service))} port=${port} user=postgres password=${password} connect_timeout=3`
    const reach = (connection: string) => `SELECT n FROM dblink('${connection}', 'SELECT 1') AS t(n int)`
    const assertions = [
      { sql: reach(await dsn('haproxy', 5000)), expect: '1' },
      { sql: reach(await dsn(await leaderName(api), 5432)), expect: '1' },
    ]
    const { id, recovery } = await recover(api, 'rehearseRecovery', { target: { xid }, backup, assertions })
    // An hour's delay is none.
    expect(recovery.replaySeconds).toBeLessThan(60)
    const checks = (recovery.verification?.checks ?? []).filter(({ name }) => name.startsWith('assertion'))
    expect(checks).toHaveLength(2)
    for (const { status, message } of checks) {
      expect(status).not.toBe('OK')
      expect(message).toMatch(/could not establish connection/)
    }
    const [sandbox, root] = [await sandboxOf(facts, id), rootOf(id)]
    const names = [...Object.keys(SYSTEM), 'recovery_min_apply_delay'].map((name) => `'${name}'`)
    const inForce = `SELECT name || '=' || setting FROM pg_settings WHERE name IN (${names}) ORDER BY name`
    expect((await sqlInCopy(sandbox, root, inForce)).split('\n')).toEqual([
      // Archiving is off.
      'archive_command=(disabled)',
      'log_statement=none',
      'recovery_min_apply_delay=0',
      'shared_preload_libraries=',
      'wal_receiver_status_interval=10',
    ])
    expect(await facts.exec('barman', ['sh', '-c', 'ls /tmp/archived-by-a-copy 2> /dev/null || true'])).toBe('')
  })
})

describe('a copy that becomes the cluster', () => {
  test('has what ALTER SYSTEM had set, and not what belongs to a recovery', async () => {
    await unsubscribe()
    const leader = await leaderName(api)
    const node = NODES.find((name) => name !== leader) ?? ''
    const { id } = await recover(api, 'recoverCluster', { target: { xid }, backup, node, cutOver: 'MANUAL', confirm })
    const cutOver = await perform(api, 'cutOverRecovery', { recovery: id, confirm })
    await waitForHealthyCluster(api)
    expect(await leaderName(api)).toBe(node)
    const kept = await sqlIn(
      'postgres',
      "SELECT name || '=' || setting FROM pg_file_settings WHERE sourcefile LIKE '%auto.conf' ORDER BY 1",
    )
    expect(kept.split('\n')).toEqual(
      Object.entries(SYSTEM)
        .map(([name, value]) => `${name}=${value}`)
        .sort(),
    )
    expect(await sqlIn('postgres', 'SHOW shared_preload_libraries')).toBe('pg_stat_statements')
    expect(await sqlIn('publisher', 'SELECT max(n) FROM published')).toBe('11')
    await untilBackedUp(api, cutOver.id)
    const undo = await perform(api, 'undoRecovery', { recovery: id, confirm })
    await waitForHealthyCluster(api)
    expect(await sqlIn('publisher', 'SELECT max(n) FROM published')).toBe('150')
    await untilBackedUp(api, undo.id)
  })
})
