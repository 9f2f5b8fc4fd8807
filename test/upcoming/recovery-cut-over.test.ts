import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RecoveryRecord, RecoveryStatus } from '../../src/domain/recovery.ts'
import { type ApiClient, createApiClient } from '../support/api-client.ts'
import { leaderName } from '../support/cluster-facts.ts'
import { performOperation, requestOperation } from '../support/operation-client.ts'
import { makeReadyRecovery, storedRecovery } from '../support/ready-recovery.ts'
import { leaderSql } from '../support/sql.ts'
import { stack } from '../support/stack.ts'
import { waitForBackups, waitForHealthyCluster } from '../support/stack-conditions.ts'
import { writablePrimaries } from '../support/truth.ts'
import { waitFor } from '../support/wait-for.ts'
import { startWriteLoad, type WriteLoad } from '../support/write-load.ts'

const NODES = ['db1', 'db2', 'db3', 'db4']
const confirm = 'patroni'

const facts = stack()
let api: ApiClient
let writes: WriteLoad
let recovery: RecoveryRecord
let node = ''
/** Acknowledged by the cluster that is given up. */
let writtenBefore = 0
/** On the recovered timeline, before it is undone. */
let givenUp = { lsn: '', timeline: 0 }

beforeAll(async () => {
  api = createApiClient({ url: facts.apiUrl, token: facts.tokens.admin })
  await waitForHealthyCluster(api)
  await waitForBackups(api)
  writes = await startWriteLoad(facts)
  await leaderSql(facts, 'CREATE TABLE kept AS SELECT n FROM generate_series(1, 5000) n')
  await leaderSql(facts, "SELECT pg_create_restore_point('before_the_drop')")
  await leaderSql(facts, 'DROP TABLE kept')
  await leaderSql(facts, 'CREATE TABLE later AS SELECT n FROM generate_series(1, 700) n')
  await leaderSql(facts, 'SELECT pg_switch_wal()')
  const leader = await leaderName(api)
  node = NODES.find((name) => name !== leader) ?? ''
  recovery = await makeReadyRecovery(facts, node, 'before_the_drop')
})
afterAll(async () => {
  await writes?.stop().catch(() => {})
  api.close()
})

/** One answer a node; every replica has replayed what the leader had when this was asked. */
async function everywhere(sql: string): Promise<string[]> {
  const [{ lsn } = { lsn: '' }] = await leaderSql<{ lsn: string }>(facts, 'SELECT pg_current_wal_lsn()::text AS lsn')
  return Promise.all(
    NODES.map(async (name) => {
      const behind = `SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() < '${lsn}'`
      await waitFor(`${name} to replay ${lsn}`, async () => (await facts.sql(name, behind)) === 'f')
      return facts.sql(name, sql)
    }),
  )
}

async function perform(kind: string, input: Record<string, unknown>) {
  const { operation } = await performOperation(api, kind, input)
  expect(operation.error).toBeNull()
  expect(operation.status).toBe('SUCCEEDED')
  return operation
}

async function timelines(): Promise<number[]> {
  const { cluster } = await api.query<{ cluster: { nodes: { timeline: number }[] } }>(
    '{ cluster { nodes { timeline } } }',
  )
  return cluster.nodes.map(({ timeline }) => timeline)
}

async function expectWellOff(leader: string) {
  await waitForHealthyCluster(api)
  expect(await leaderName(api)).toBe(leader)
  expect(await writablePrimaries(facts)).toEqual([leader])
  await waitFor('one timeline', async () => new Set(await timelines()).size === 1)
  const before = writes.written
  await waitFor('the writer to go on', () => writes.written > before + 20)
  await waitForBackups(api)
  await waitFor('the new timeline to be streamed', async () => {
    const [timeline = 0] = await timelines()
    const files = await facts.exec('barman', ['ls', '/data/pg-backup/patroni/streaming'])
    return files.startsWith(timeline.toString(16).toUpperCase().padStart(8, '0'))
  })
}

/** The base backup that follows a cut over, on the timeline that it has made. */
async function untilBackedUp() {
  await waitFor(
    'the backup that follows',
    async () => {
      const query = '{ operations(first: 1, filter: { kinds: [CREATE_BACKUP] }) { edges { node { status reason } } } }'
      const { operations } = await api.query<{ operations: { edges: { node: { status: string; reason: string } }[] } }>(
        query,
      )
      return operations.edges[0]?.node.status === 'SUCCEEDED'
    },
    { timeoutMs: 120_000 },
  )
}

describe('a recovery that is cut over', () => {
  test('is refused without its name, and planned with what is lost', async () => {
    const unknown = await requestOperation(api, 'cutOverRecovery', { recovery: 'no-such', confirm })
    expect(unknown.refusals.map(({ code }) => code)).toEqual(['UNKNOWN_RECOVERY'])
    const early = await requestOperation(api, 'undoRecovery', { recovery: recovery.id, confirm })
    expect(early.refusals.map(({ code }) => code)).toEqual(['NOT_UNDOABLE'])
  })

  test('has exactly what was there at the target, on every node, and the writer goes on', async () => {
    expect(await everywhere("SELECT to_regclass('kept') IS NULL")).toEqual(['t', 't', 't', 't'])
    writtenBefore = writes.written
    await perform('cutOverRecovery', { recovery: recovery.id, confirm })
    expect(await everywhere('SELECT count(*), sum(n) FROM kept')).toEqual(NODES.map(() => '5000|12502500'))
    expect(await everywhere("SELECT to_regclass('later') IS NULL")).toEqual(['t', 't', 't', 't'])
    await expectWellOff(node)
    const { status, previous, downtimeSeconds } = await storedRecovery(facts, recovery.id)
    expect(status).toBe(RecoveryStatus.COMPLETED)
    expect(previous?.node).toBe(node)
    await facts.exec(node, ['test', '-f', `${previous?.directory}/PG_VERSION`])
    console.info(`cut over: writes failed for ${downtimeSeconds} s`)
    // Seconds, not minutes: what it takes is measured by the benchmarks.
    expect(downtimeSeconds).toBeLessThan(20)
    await untilBackedUp()
  })

  test('can be undone: the state at the cut over is back, to the row', async () => {
    await leaderSql(facts, 'CREATE TABLE since AS SELECT 1 AS n')
    const [row] = await leaderSql<{ lsn: string }>(facts, 'SELECT pg_current_wal_lsn()::text AS lsn')
    givenUp = { lsn: row?.lsn ?? '', timeline: (await timelines())[0] ?? 0 }
    await perform('undoRecovery', { recovery: recovery.id, confirm })
    expect(await everywhere("SELECT to_regclass('kept') IS NULL")).toEqual(['t', 't', 't', 't'])
    expect(await everywhere("SELECT to_regclass('since') IS NULL")).toEqual(['t', 't', 't', 't'])
    expect(await everywhere('SELECT count(*) FROM later')).toEqual(NODES.map(() => '700'))
    const [first] = await everywhere(`SELECT count(*) FROM write_load WHERE n <= ${writtenBefore}`)
    expect(Number(first)).toBe(writtenBefore)
    await expectWellOff(node)
    expect((await storedRecovery(facts, recovery.id)).status).toBe(RecoveryStatus.UNDONE)
    await untilBackedUp()
  })

  test('what was given up both times stays recoverable', async () => {
    const query = `query ($target: RecoveryTargetInput!) { cluster { backupServer { canRecoverTo(target: $target) { recoverable reasons } } } }`
    const target = { lsn: givenUp.lsn, timeline: String(givenUp.timeline) }
    const { cluster } = await api.query<{
      cluster: { backupServer: { canRecoverTo: { recoverable: boolean; reasons: string[] } } }
    }>(query, { target })
    expect(cluster.backupServer.canRecoverTo.reasons).toEqual([])
    expect(cluster.backupServer.canRecoverTo.recoverable).toBe(true)
  })
})
