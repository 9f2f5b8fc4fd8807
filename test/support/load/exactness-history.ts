import { type Lsn, parseLsn } from '../../../src/domain/wal/lsn.ts'
import type { ApiClient } from '../stack/api-client.ts'
import { readBackups } from '../stack/backup-client.ts'
import { NODES, onEveryNode } from '../stack/every-node.ts'
import { type EventView, type OperationView, performOperation } from '../stack/operation-client.ts'
import { OWN_SESSION } from '../stack/own-session.ts'
import { untilBackedUp, untilRecoverable } from '../stack/recovery-client.ts'
import { connectToLeader, leaderSql } from '../stack/sql.ts'
import type { TestStack } from '../stack/stack.ts'
import {
  waitForBackups,
  waitForBackupsDone,
  waitForHealthyCluster,
  waitForNothingRunning,
} from '../stack/stack-conditions.ts'
import { waitFor } from '../wait-for.ts'
import {
  type CommitKey,
  dropNumbered,
  keyOfCommit,
  type Numbered,
  type NumberedWriters,
  PLACED,
  startNumberedWriters,
} from './numbered-writers.ts'
import { shuffle } from './shuffle.ts'
import { drawSettings, LEVELS, NO_SETTINGS, resetForSessions, setForSessions, settingsPatch } from './user-settings.ts'

export const CLIENTS = 4
/** More than a copy begins with (docker/agent/howdah/recovery/settings.py): where it is raised after a base backup, the WAL asks for it. */
export const FLOORS: Readonly<Record<string, number>> = {
  max_locks_per_transaction: 128,
  max_prepared_transactions: 64,
  max_worker_processes: 32,
}
const VOLUME = '/var/lib/postgresql/17'
const LOCATIONS = ['exact_a', 'exact_b', 'exact_c', 'exact_d'].map((name) => `${VOLUME}/${name}`)
const ROLES = ['howdah', 'barman', 'replicator']

/** A table in a tablespace: there from one commit on, up to another (null: to the end of its timeline). */
export interface PlacedTable {
  readonly table: string
  readonly tablespace: string
  readonly from: CommitKey
  readonly to: CommitKey | null
}

export interface ExactnessHistory {
  /** Where the log of the test begins. */
  readonly startLsn: Lsn
  readonly acknowledged: readonly Numbered[]
  readonly backupIds: readonly string[]
  readonly placed: readonly PlacedTable[]
  /** While the stack's own roles had other passwords than before and afterwards. */
  readonly otherPasswords: readonly { readonly from: CommitKey; readonly to: CommitKey }[]
}

interface World {
  readonly facts: TestStack
  readonly api: ApiClient
  readonly seed: number
  readonly random: () => number
}

/** Kinds that Howdah follows with a base backup, a moment after their last event. */
const FOLLOWED = ['recoverCluster', 'cutOverRecovery', 'undoRecovery']

/**
 * Runs an operation in a healthy cluster, when no other does, and what follows it; throws where it does not succeed.
 * A recovery that waits for its cut-over is made with `recover`.
 */
export async function perform(
  api: ApiClient,
  kind: string,
  input: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly operation: OperationView; readonly events: readonly EventView[] }> {
  await waitForNothingRunning(api)
  await waitForHealthyCluster(api)
  const ended = await performOperation(api, kind, input)
  if (ended.operation.status !== 'SUCCEEDED') throw new Error(`${kind}: ${JSON.stringify(ended.operation.error)}`)
  if (FOLLOWED.includes(kind)) await untilBackedUp(api, ended.operation.id)
  return ended
}

/** So that something lies between two events of the history. */
export async function write(writers: NumberedWriters, transactions = 60): Promise<void> {
  const until = writers.acknowledged.length + transactions
  await waitFor(`${transactions} transactions more`, () => writers.acknowledged.length >= until, { timeoutMs: 60_000 })
}

/**
 * Transactions from four clients, with everything among them that makes recovery difficult: backups of both types,
 * switchovers, a recovery, tablespaces before and after base backups, one of them dropped and its location used again,
 * parameters that are raised, passwords that are others for a while, settings that break sessions which do not ask for their own.
 * How much lies between these, which parameters are
 * raised first, and how far, is drawn.
 */
export async function makeHistory({ facts, api, seed, random }: World): Promise<ExactnessHistory> {
  const backupIds: string[] = []
  const placed: PlacedTable[] = []
  const otherPasswords: { from: CommitKey; to: CommitKey }[] = []
  const [a, b, c, d] = shuffle(LOCATIONS, seed)
  const [first = '', second = '', third = ''] = shuffle(Object.keys(FLOORS), seed)
  const between = (least: number, most: number) => least + Math.floor(random() * (most - least + 1))
  await waitForNothingRunning(api)
  await dropNumbered(facts)
  await Promise.all(NODES.map((node) => facts.exec(node, ['mkdir', '-p', '-m', '700', ...LOCATIONS], 'postgres')))
  const { lsn } = await leaderNow(facts)
  const writers = await startNumberedWriters(facts, CLIENTS)
  const some = () => write(writers, between(40, 90))

  async function backup(input: Record<string, unknown>): Promise<void> {
    await waitForBackups(api)
    backupIds.push((await perform(api, 'createBackup', input)).operation.result?.backupId ?? '')
  }
  async function makeTablespace(location = ''): Promise<void> {
    const tablespace = `exact_${placed.length + 1}`
    const table = `${PLACED}${tablespace}`
    await leaderSql(facts, `CREATE TABLESPACE ${tablespace} LOCATION '${location}'`)
    const create = `CREATE TABLE ${table} (n int PRIMARY KEY USING INDEX TABLESPACE ${tablespace}) TABLESPACE ${tablespace}`
    placed.push({ table, tablespace, from: await commit(facts, create), to: null })
  }
  /** Without what lies in it; tables of single transactions move away. */
  async function dropTablespace(): Promise<void> {
    const dropped = placed.shift()
    if (dropped === undefined) throw new Error('there is no tablespace')
    const { table, tablespace } = dropped
    placed.push({ ...dropped, to: await commit(facts, `DROP TABLE ${table}`) })
    await leaderSql(facts, `ALTER TABLE ALL IN TABLESPACE ${tablespace} SET TABLESPACE pg_default`)
    // A transaction that made a table there may not have ended yet.
    await waitFor(`${tablespace} to be empty`, async () => {
      await leaderSql(facts, `DROP TABLESPACE ${tablespace}`)
      return true
    })
  }
  async function raise(...names: readonly string[]): Promise<void> {
    const parameters = Object.fromEntries(names.map((name) => [name, (FLOORS[name] ?? 0) + between(1, 100)]))
    await perform(api, 'updateConfiguration', { patch: { postgresql: { parameters } } })
    // With a switchover in it.
    await perform(api, 'restartCluster', { pendingOnly: true })
  }
  /** While that runs, the roles of the stack have unknown passwords. */
  async function withOtherPasswords(meanwhile: () => Promise<void>): Promise<void> {
    const known = await leaderSql<{ name: string; verifier: string }>(
      facts,
      `SELECT rolname AS name, rolpassword AS verifier FROM pg_authid WHERE rolname IN ('${ROLES.join("', '")}')`,
    )
    const set = (of: (verifier: string) => string) =>
      commit(facts, known.map(({ name, verifier }) => `ALTER ROLE ${name} PASSWORD '${of(verifier)}'`).join('; '))
    const from = await set(() => `other-${seed}`)
    try {
      await meanwhile()
    } finally {
      otherPasswords.push({ from, to: await set((verifier) => verifier) })
    }
  }

  /** Each time on another level, the first of which is drawn. */
  const levels = shuffle(LEVELS, seed)
  async function setForUsers(): Promise<void> {
    const level = levels.shift() ?? 'configuration'
    const settings = drawSettings(random)
    if (level !== 'configuration') return setForSessions(facts, level, settings)
    await perform(api, 'updateConfiguration', { patch: settingsPatch(settings) })
  }

  try {
    await some()
    await makeTablespace(a)
    await setForUsers()
    await makeTablespace(b)
    await some()
    await backup({ type: 'FULL' })
    await some()
    await leaderSql(facts, `SELECT pg_create_restore_point('first_${seed}')`)
    await some()
    await dropTablespace()
    await some()
    await setForUsers()
    await makeTablespace(a)
    await some()
    await raise(first, second)
    await some()
    await withOtherPasswords(some)
    await some()
    await waitForBackupsDone(() => readBackups(api))
    await backup({ type: 'INCREMENTAL', parent: backupIds[0] })
    await some()
    await makeTablespace(c)
    await some()
    await setForUsers()
    let time = ''
    await withOtherPasswords(async () => {
      await some()
      time = (await leaderNow(facts)).time
      await some()
    })
    await makeTablespace(d)
    await some()
    await leaderSql(facts, 'SELECT pg_switch_wal()')
    await untilRecoverable(api, { time })
    const recovered = await perform(api, 'recoverCluster', {
      target: { time },
      cutOver: 'AUTOMATIC',
      confirm: 'patroni',
    })
    expectPasswordsSet(recovered.events)
    await some()
    await leaderSql(facts, `SELECT pg_create_restore_point('second_${seed}')`)
    await backup({ type: 'FULL' })
    await some()
    await makeTablespace(d)
    await some()
    await raise(third)
    await some()
  } finally {
    await writers.stop()
  }
  await quieten(facts)
  await perform(api, 'switchWal', { force: true })
  await waitForBackups(api)
  await waitForBackupsDone(() => readBackups(api))
  await waitForNothingRunning(api)
  await onEveryNode(facts, (node) => facts.sql(node, 'CHECKPOINT'))
  return { startLsn: parseLsn(lsn), acknowledged: writers.acknowledged, backupIds, placed, otherPasswords }
}

/** That the recovered data got in the place of the passwords of then those of now. */
export function expectPasswordsSet(events: readonly EventView[]): void {
  const told = events.find(({ message }) => message.startsWith('Set as the cluster has them now'))
  const left = ROLES.filter((role) => told?.message.includes(role) !== true)
  if (left.length > 0) throw new Error(`passwords that were not set: ${left.join(', ')}; told: ${told?.message}`)
}

/** What the WAL asked a copy to be started again with: the names of settings. */
export function askedFor(events: readonly EventView[]): string[] {
  const asked = events.flatMap(
    ({ message }) => /^The WAL asks for (.*): starting again with it$/.exec(message)?.[1] ?? [],
  )
  return Object.keys(FLOORS).filter((name) => asked.some((text) => text.includes(`${name} = `)))
}

async function leaderNow(facts: TestStack): Promise<{ time: string; lsn: string }> {
  const [now] = await leaderSql<{ time: string; lsn: string }>(
    facts,
    `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS time, pg_current_wal_lsn()::text AS lsn`,
  )
  return now ?? { time: '', lsn: '' }
}

/** Statements in one transaction on the leader. */
async function commit(facts: TestStack, statements: string): Promise<CommitKey> {
  const client = await connectToLeader(facts)
  try {
    await client.query(`BEGIN; ${statements}`)
    const { rows } = await client.query<{ xid: string }>('SELECT pg_current_xact_id()::text AS xid')
    await client.query('COMMIT')
    return await keyOfCommit(client, rows[0]?.xid ?? '')
  } finally {
    await client.end()
  }
}

/** From here on no server has a reason of its own to change a file of a table: dead rows are gone, hints set, pages flushed. */
async function quieten(facts: TestStack): Promise<void> {
  await leaderSql(facts, 'ALTER SYSTEM SET autovacuum = off')
  await leaderSql(facts, 'SELECT pg_reload_conf()')
  await waitFor('autovacuum to end', async () => {
    const running = `SELECT 1 FROM pg_stat_activity WHERE backend_type LIKE 'autovacuum%'`
    return (await leaderSql(facts, running)).length === 0
  })
  const leader = await leaderOf(facts)
  await facts.exec(leader, ['env', `PGOPTIONS=${OWN_SESSION}`, 'vacuumdb', '--all', '--quiet'], 'postgres')
  await facts.sql(leader, 'CHECKPOINT')
}

async function leaderOf(facts: TestStack): Promise<string> {
  const recovering = await Promise.all(NODES.map((node) => facts.sql(node, 'SELECT pg_is_in_recovery()')))
  return NODES[recovering.indexOf('f')] ?? ''
}

/** What `makeHistory` has turned off. */
export async function wake(facts: TestStack): Promise<void> {
  for (const node of NODES) {
    await facts.sql(node, 'ALTER SYSTEM RESET autovacuum')
    await facts.sql(node, 'SELECT pg_reload_conf()')
  }
}

/** Takes back what `makeHistory` has made; recoveries have to be discarded. */
export async function forgetHistory({ facts, api }: Pick<World, 'facts' | 'api'>): Promise<void> {
  await wake(facts)
  await dropNumbered(facts)
  const made = await leaderSql<{ name: string }>(
    facts,
    `SELECT spcname AS name FROM pg_tablespace WHERE spcname ~ '^exact_'`,
  )
  for (const { name } of made) await leaderSql(facts, `DROP TABLESPACE ${name}`)
  await onEveryNode(facts, (node) => facts.exec(node, ['rm', '-rf', ...LOCATIONS], 'postgres'))
  await resetForSessions(facts)
  const parameters = Object.fromEntries(Object.keys(FLOORS).map((name) => [name, null]))
  await perform(api, 'updateConfiguration', { patch: settingsPatch({ ...parameters, ...NO_SETTINGS }) })
  await perform(api, 'restartCluster', { pendingOnly: true })
}
