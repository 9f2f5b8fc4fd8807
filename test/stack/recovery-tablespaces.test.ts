import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addressOf, docker } from '../support/docker.ts'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import { leaderName } from '../support/stack/cluster-facts.ts'
import { discardRecoveries } from '../support/stack/discard-recoveries.ts'
import { NODES, onEveryNode } from '../support/stack/every-node.ts'
import { type RecoveryView, recover, recoveryOf, rows, untilBackedUp } from '../support/stack/recovery-client.ts'
import {
  archive,
  fullBackup,
  type Moment,
  momentOf,
  perform,
  programInCopy,
  sandboxOf,
  sqlInCopy,
} from '../support/stack/recovery-moments.ts'
import { leaderSql } from '../support/stack/sql.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForBackups, waitForHealthyCluster } from '../support/stack/stack-conditions.ts'
import {
  createTablespace,
  dropTablespace,
  removeLocations,
  restOfVolume,
  VOLUME,
} from '../support/stack/tablespaces.ts'

const confirm = 'patroni'
const at = (name: string) => `${VOLUME}/places/${name}`
/** In the base backup; younger than it; younger, and dropped after the target; made, dropped and made again in the WAL. */
const NAMES = ['early', 'late', 'gone', 'again']
const UNKNOWN = 'unknown'
const AT_TARGET = { early: 500, late: 300_000, gone: 42, again: 100 }
const AFTERWARDS = { early: 500, late: 160_000, again: 100 }

const facts = stack()
let api: ApiClient
let backup = ''
let target: Moment
let node = ''
let before: string[] = []
let leadersBefore: string[] = []
let made = { id: '', recovery: {} as RecoveryView }

beforeAll(async () => {
  api = createApiClient({ url: facts.apiUrl, token: facts.tokens.admin })
  await waitForHealthyCluster(api)
  await discardRecoveries({ api })
  await createTablespace(facts, { name: 'early', location: at('early'), rows: AT_TARGET.early })
  backup = await fullBackup(api)
  await createTablespace(facts, { name: 'late', location: at('late'), rows: AT_TARGET.late })
  await createTablespace(facts, { name: 'gone', location: at('gone'), rows: AT_TARGET.gone })
  await createTablespace(facts, { name: 'again', location: at('again'), rows: 7 })
  await dropTablespace(facts, 'again')
  await createTablespace(facts, { name: 'again', location: at('again'), rows: AT_TARGET.again })
  // Unknown until replay reaches it and starts over: over the files of both that were at "again".
  await createTablespace(facts, { name: UNKNOWN, location: at(UNKNOWN), rows: 1 })
  await dropTablespace(facts, UNKNOWN)
  await leaderSql(facts, 'CHECKPOINT')
  target = await momentOf(facts)
  await leaderSql(facts, 'DELETE FROM in_late WHERE n <= 140000')
  await dropTablespace(facts, 'gone')
  await leaderSql(facts, 'CHECKPOINT')
  await archive({ facts, api }, { time: target.time })
  const leader = await leaderName(api)
  node = NODES.find((name) => name !== leader) ?? ''
  await onEveryNode(facts, (name) => facts.sql(name, 'CHECKPOINT'))
  before = await restOfVolume(facts, node)
  leadersBefore = await restOfVolume(facts, leader)
}, 600_000)
afterAll(async () => {
  await discardRecoveries({ api })
  for (const name of NAMES) await dropTablespace(facts, name)
  await onEveryNode(facts, async () => {})
  await removeLocations(facts, [...NAMES.map(at), at(UNKNOWN), `${VOLUME}/places`])
  await waitForBackups(api)
  await api.close()
})

/** Each table's rows, counted by its file and not by an index. */
const COUNTED = (names: readonly string[]) =>
  names.map((name) => `SELECT '${name}' AS name, count(*) FROM in_${name}`).join(' UNION ALL ')

async function countsIn(recovery: RecoveryView): Promise<Record<string, number>> {
  const sql = `SELECT string_agg(name || '=' || count, ',') AS n FROM (${COUNTED(Object.keys(AT_TARGET))}) counted`
  const [line = ''] = await rows(recovery, sql)
  return Object.fromEntries(line.split(',').map((each) => [each.split('=')[0], Number(each.split('=')[1])]))
}

const countsEverywhere = (names: readonly string[]) =>
  onEveryNode(facts, async (name) => {
    const lines = (await facts.sql(name, COUNTED(names))).split('\n').map((line) => line.split('|'))
    return Object.fromEntries(lines.map(([table = '', count]) => [table, Number(count)]))
  })

/** Where a node's own tablespaces lie, by its links. */
async function linksOf(name: string): Promise<string[]> {
  const links = await facts.exec(name, [
    'find',
    `${VOLUME}/patroni${name.slice(-1)}/pg_tblspc`,
    '-type',
    'l',
    '-printf',
    '%l\n',
  ])
  return links.split('\n').sort()
}

describe('recoverCluster with tablespaces that are in the backup, and that come in the WAL', () => {
  test('has the rows of the target, and the running cluster has its files as they were', async () => {
    const input = { target: { time: target.time }, backup, node, cutOver: 'MANUAL', confirm }
    made = await recover(api, 'recoverCluster', input)
    expect(made.recovery).toMatchObject({ status: 'READY', verification: { passed: true } })
    expect(await countsIn(made.recovery)).toEqual(AT_TARGET)
    expect(await restOfVolume(facts, node)).toEqual(before)
    expect(await restOfVolume(facts, await leaderName(api))).toEqual(leadersBefore)
  })

  test('runs where it can write nothing else, and has no network', async () => {
    const sandbox = await sandboxOf(facts, made.id)
    expect(await docker('inspect', '--format', '{{.HostConfig.NetworkMode}}', sandbox)).toBe('none')
    const root = `${VOLUME}/patroni${node.slice(-1)}.recovery-${made.id.replace('Recovery:', '')}`
    const superuser = (sql: string) => sqlInCopy(sandbox, root, sql)
    expect(await superuser('SELECT rolsuper FROM pg_roles WHERE rolname = current_user')).toBe('t')
    const live = `${VOLUME}/patroni${node.slice(-1)}`
    await expect(superuser(`COPY (SELECT 1) TO '${live}/planted'`)).rejects.toThrow(/No such file or directory/)
    const program = (line: string) => programInCopy(sandbox, root, line)
    expect(await program(`cat > ${root}/wal/planted`)).toMatch(/Read-only file system/)
    expect(await program('cat > /etc/planted')).toMatch(/Permission denied/)
    // A tablespace's own place in the cluster: what is written there stays with the copy.
    await superuser(`COPY (SELECT 1) TO '${at('late')}/planted'`)
    expect(await restOfVolume(facts, node)).toEqual(before)
    const others: [string, number][] = [
      ['haproxy', 5000],
      ['barman', 22],
      [await leaderName(api), 5432],
      ['etcd1', 2379],
    ]
    for (const [service, port] of others) {
      const address = await addressOf(facts.container(service))
      for (const host of [address, service]) {
        const said = await program(`timeout 5 bash -c "exec 3<>/dev/tcp/${host}/${port}"`)
        expect(said, `${host}:${port}`).toMatch(/unreachable|resolution|not known/)
      }
    }
  })

  test('is cut over to with them: every node has the rows, and each its own files', async () => {
    const { id } = await perform(api, 'cutOverRecovery', { recovery: made.id, confirm })
    await waitForHealthyCluster(api)
    expect(await leaderName(api)).toBe(node)
    expect(await countsEverywhere(Object.keys(AT_TARGET))).toEqual(NODES.map(() => AT_TARGET))
    for (const name of NODES) expect(await linksOf(name)).toEqual(NAMES.map(at).sort())
    await untilBackedUp(api, id)
  })

  test('is undone with them: what was at the cut-over is back', async () => {
    const { id } = await perform(api, 'undoRecovery', { recovery: made.id, confirm })
    await waitForHealthyCluster(api)
    expect(await countsEverywhere(Object.keys(AFTERWARDS))).toEqual(NODES.map(() => AFTERWARDS))
    for (const name of NODES) expect(await linksOf(name)).toEqual(Object.keys(AFTERWARDS).map(at).sort())
    await untilBackedUp(api, id)
  })

  test('goes with its tablespaces when it is discarded, and the cluster keeps its own', async () => {
    await perform(api, 'discardRecovery', { recovery: made.id, previousData: true, confirm })
    expect((await recoveryOf(api, made.id)).previousDataBytes).toBeNull()
    const left = ['find', VOLUME, '-maxdepth', '1', '(', '-name', '*.previous-*', '-o', '-name', '*.recovery-*', ')']
    expect(await facts.exec(node, left)).toBe('')
    expect(await countsEverywhere(Object.keys(AFTERWARDS))).toEqual(NODES.map(() => AFTERWARDS))
  })

  test('leaves replicas that can be copied again, tablespaces and all', async () => {
    const leader = await leaderName(api)
    const replica = NODES.find((name) => name !== leader && name !== node) ?? ''
    await perform(api, 'reinitializeNode', { node: replica, confirm })
    await waitForHealthyCluster(api)
    expect(await countsEverywhere(Object.keys(AFTERWARDS))).toEqual(NODES.map(() => AFTERWARDS))
    expect(await linksOf(replica)).toEqual(Object.keys(AFTERWARDS).map(at).sort())
  })
})
