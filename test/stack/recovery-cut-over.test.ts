import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { RecoveryStatus } from '../../src/domain/recovery/recovery.ts'
import { docker } from '../support/docker.ts'
import { writablePrimaries } from '../support/faults/truth.ts'
import { startWriteLoad, type WriteLoad } from '../support/load/write-load.ts'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import { leaderName } from '../support/stack/cluster-facts.ts'
import { NODES, onEveryNode } from '../support/stack/every-node.ts'
import { performOperation, requestOperation } from '../support/stack/operation-client.ts'
import { recover, recoveryOf, rows, untilBackedUp, untilRecoverable } from '../support/stack/recovery-client.ts'
import { leaderSql } from '../support/stack/sql.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForBackups, waitForHealthyCluster } from '../support/stack/stack-conditions.ts'
import { waitFor } from '../support/wait-for.ts'

const confirm = 'patroni'

const facts = stack()
let api: ApiClient
let writes: WriteLoad
let recovery = { id: '' }
let node = ''
/** When the table was still there. */
let beforeTheDrop = ''
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
  const [row] = await leaderSql<{ now: string }>(
    facts,
    `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS now`,
  )
  beforeTheDrop = new Date(Date.parse(row?.now ?? '') + 5).toISOString()
  await new Promise((resolve) => setTimeout(resolve, 50))
  await leaderSql(facts, 'DROP TABLE kept')
  await leaderSql(facts, 'CREATE TABLE later AS SELECT n FROM generate_series(1, 700) n')
  const leader = await leaderName(api)
  node = NODES.find((name) => name !== leader) ?? ''
})
afterAll(async () => {
  await writes?.stop().catch(() => {})
  api.close()
})

const everywhere = (sql: string) => onEveryNode(facts, (name) => facts.sql(name, sql))

async function perform(kind: string, input: Record<string, unknown>) {
  const { operation } = await performOperation(api, kind, input)
  expect(operation.error).toBeNull()
  expect(operation.status).toBe('SUCCEEDED')
  return operation
}

/** What lies beside the node's data, by a part of its name. */
async function besides(part: string): Promise<string[]> {
  const found = await facts.exec(node, ['find', '/var/lib/postgresql/17', '-maxdepth', '1', '-name', `*${part}*`])
  return found.split('\n').filter((line) => line !== '')
}

async function timelines(): Promise<number[]> {
  const { cluster } = await api.query<{ cluster: { nodes: { timeline: number }[] } }>(
    '{ cluster { nodes { timeline } } }',
  )
  return cluster.nodes.map(({ timeline }) => timeline)
}

/** Nodes that would have to be restarted for what the recovered PostgreSQL was started with. */
async function pendingRestarts(): Promise<string[]> {
  const { cluster } = await api.query<{ cluster: { nodes: { name: string; pendingRestart: boolean }[] } }>(
    '{ cluster { nodes { name pendingRestart } } }',
  )
  return cluster.nodes.filter(({ pendingRestart }) => pendingRestart).map(({ name }) => name)
}

async function expectWellOff(leader: string) {
  await waitForHealthyCluster(api)
  expect(await leaderName(api)).toBe(leader)
  expect(await writablePrimaries(facts)).toEqual([leader])
  expect(await pendingRestarts()).toEqual([])
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

describe('a table that was dropped', () => {
  test('can be asked for: the moment before is inside a recovery window', async () => {
    await untilRecoverable(api, { time: beforeTheDrop })
  })

  test('is found in a rehearsal, on its own port, while the cluster goes on', async () => {
    const { id, recovery: rehearsal } = await recover(api, 'rehearseRecovery', {
      target: { time: beforeTheDrop },
      assertions: [{ sql: 'SELECT count(*) FROM kept', expect: '5000' }],
    })
    expect(rehearsal).toMatchObject({ status: 'READY', mode: 'REHEARSAL', verification: { passed: true } })
    expect(await rows(rehearsal, 'SELECT n FROM kept WHERE n = 42')).toEqual(['42'])
    expect(await rows(rehearsal, "SELECT to_regclass('later') IS NULL AS n")).toEqual(['true'])
    await perform('discardRecovery', { recovery: id })
  })

  test('is not waited for where it never ends: without a target, what the archive had when it was asked for', async () => {
    const input = { assertions: [{ sql: 'SELECT count(*) FROM later', expect: '700' }] }
    const { id, recovery: rehearsal } = await recover(api, 'rehearseRecovery', input)
    expect(rehearsal).toMatchObject({ status: 'READY', verification: { passed: true } })
    await perform('discardRecovery', { recovery: id })
  })

  test('is recovered beside the cluster, which goes on writing', async () => {
    const before = writes.written
    const input = { target: { time: beforeTheDrop }, node, cutOver: 'MANUAL', confirm }
    const made = await recover(api, 'recoverCluster', input)
    recovery = made
    expect(made.recovery).toMatchObject({ status: 'READY', mode: 'IN_PLACE', verification: { passed: true } })
    expect(await rows(made.recovery, 'SELECT count(*) AS n FROM kept')).toEqual(['5000'])
    expect(writes.written).toBeGreaterThan(before)
    expect(await writablePrimaries(facts)).toEqual([await leaderName(api)])
  })
})

describe('a recovery that is cut over', () => {
  test('is refused without its name, and planned with what is lost', async () => {
    const { plan } = await requestOperation(api, 'cutOverRecovery', { recovery: recovery.id, dryRun: true })
    expect(plan?.dataLoss).toMatch(/is given up.*stays recoverable/)
    const unknown = await requestOperation(api, 'cutOverRecovery', { recovery: 'no-such', confirm })
    expect(unknown.refusals.map(({ code }) => code)).toEqual(['UNKNOWN_RECOVERY'])
    const early = await requestOperation(api, 'undoRecovery', { recovery: recovery.id, confirm })
    expect(early.refusals.map(({ code }) => code)).toEqual(['NOT_UNDOABLE'])
  })

  test('has exactly what was there at the target, on every node, and the writer goes on', async () => {
    // As after a restart of Docker or of the machine: the copy waits no longer, and is brought to its target again.
    const ofNode = ['--filter', 'label=howdah.sandbox', '--filter', `name=^/?${facts.container(node)}-`]
    await docker('kill', await docker('ps', ...ofNode, '--format', '{{.Names}}'))
    expect(await everywhere("SELECT to_regclass('kept') IS NULL")).toEqual(['t', 't', 't', 't'])
    writtenBefore = writes.written
    const { events, operation } = await performOperation(api, 'cutOverRecovery', { recovery: recovery.id, confirm })
    expect(operation.error).toBeNull()
    expect(events.map(({ message }) => message).join()).toMatch(/replaying to LSN .* again/)
    const { id } = operation
    expect(await everywhere('SELECT count(*), sum(n) FROM kept')).toEqual(NODES.map(() => '5000|12502500'))
    expect(await everywhere("SELECT to_regclass('later') IS NULL")).toEqual(['t', 't', 't', 't'])
    await expectWellOff(node)
    const { status, undoable, previousDataBytes, downtimeSeconds } = await recoveryOf(api, recovery.id)
    expect(status).toBe(RecoveryStatus.COMPLETED)
    expect(undoable).toBe(true)
    expect(previousDataBytes).toBeGreaterThan(1e6)
    expect(await besides('.recovery-')).toEqual([])
    expect(await besides('.previous-')).toHaveLength(1)
    console.info(`cut over: writes failed for ${downtimeSeconds} s`)
    // Seconds, not minutes: what it takes is measured by the benchmarks.
    expect(downtimeSeconds).toBeLessThan(20)
    await untilBackedUp(api, id)
  })

  test('can be undone: the state at the cut-over is back, to the row', async () => {
    await leaderSql(facts, 'CREATE TABLE since AS SELECT 1 AS n')
    const [row] = await leaderSql<{ lsn: string }>(facts, 'SELECT pg_current_wal_lsn()::text AS lsn')
    givenUp = { lsn: row?.lsn ?? '', timeline: (await timelines())[0] ?? 0 }
    const { operation, events } = await performOperation(api, 'undoRecovery', { recovery: recovery.id, confirm })
    expect(operation.error).toBeNull()
    const { id } = operation
    // With what was written since the target, a node is rewound in seconds: it is not copied as a whole.
    expect(events.map(({ message }) => message).join()).not.toContain('could not be rewound')
    expect(await everywhere("SELECT to_regclass('kept') IS NULL")).toEqual(['t', 't', 't', 't'])
    expect(await everywhere("SELECT to_regclass('since') IS NULL")).toEqual(['t', 't', 't', 't'])
    expect(await everywhere('SELECT count(*) FROM later')).toEqual(NODES.map(() => '700'))
    const [first] = await everywhere(`SELECT count(*) FROM write_load WHERE n <= ${writtenBefore}`)
    expect(Number(first)).toBe(writtenBefore)
    await expectWellOff(node)
    expect((await recoveryOf(api, recovery.id)).status).toBe(RecoveryStatus.UNDONE)
    await untilBackedUp(api, id)
  })

  test('what was given up both times stays recoverable', async () => {
    await untilRecoverable(api, { lsn: givenUp.lsn, timeline: String(givenUp.timeline) })
  })

  test('gives back the disk of what was given up, when told that it is meant', async () => {
    const { refusals } = await requestOperation(api, 'discardRecovery', { recovery: recovery.id })
    expect(refusals).toMatchObject([{ code: 'HAS_PREVIOUS_DATA', field: 'previousData' }])
    await perform('discardRecovery', { recovery: recovery.id, previousData: true, confirm })
    expect(await besides('.previous-')).toEqual([])
    expect((await recoveryOf(api, recovery.id)).previousDataBytes).toBeNull()
  })
})

describe('the archive of a cluster that goes on writing', () => {
  test('is recovered to its end and cut over, with what had been archived before', async () => {
    const archived = await leaderSql<{ n: number }>(facts, 'SELECT n FROM write_load ORDER BY n')
    const newest = archived.at(-1)?.n ?? 0
    await perform('switchWal', { force: true })
    const target = NODES.find((name) => name !== node) ?? ''
    const { id } = await perform('recoverCluster', { node: target, cutOver: 'AUTOMATIC', confirm })
    const counted = await everywhere(`SELECT count(*) FROM write_load WHERE n <= ${newest}`)
    expect(counted).toEqual(NODES.map(() => String(archived.length)))
    await expectWellOff(target)
    await untilBackedUp(api, id)
    await perform('discardRecovery', { recovery: id.replace('Operation:', 'Recovery:'), previousData: true, confirm })
  })
})
