import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  drawSettings,
  NO_SETTINGS,
  resetForSessions,
  setForSessions,
  settingsPatch,
} from '../support/load/user-settings.ts'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import { NODES } from '../support/stack/every-node.ts'
import { readLeadership } from '../support/stack/leadership.ts'
import { type OperationView, performOperation, requestOperation } from '../support/stack/operation-client.ts'
import { recover } from '../support/stack/recovery-client.ts'
import { leaderSql } from '../support/stack/sql.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForBackups, waitForHealthyCluster, waitForNothingRunning } from '../support/stack/stack-conditions.ts'
import { waitFor } from '../support/wait-for.ts'

const facts = stack()
/** Looks at etcd that each Patroni makes, so cycles in which it asks its PostgreSQL. */
const CYCLES = 3
let api: ApiClient

beforeAll(async () => {
  api = createApiClient({ url: facts.apiUrl, token: facts.tokens.admin })
})
beforeEach(() => waitForHealthyCluster(api))
afterAll(async () => {
  await resetForSessions(facts)
  await update({ ...NO_SETTINGS, work_mem: null, max_locks_per_transaction: null })
  await perform('restartCluster', { pendingOnly: true })
  await waitForNothingRunning(api)
  await waitForHealthyCluster(api)
  api.close()
}, 300_000)

const update = (parameters: Readonly<Record<string, unknown>>) =>
  performOperation(api, 'updateConfiguration', { patch: { postgresql: { parameters } } })

async function perform(kind: string, input: Readonly<Record<string, unknown>> = {}): Promise<OperationView> {
  const { operation } = await performOperation(api, kind, input)
  expect(operation, kind).toMatchObject({ status: 'SUCCEEDED', error: null })
  return operation
}

async function patroniOf(node: string): Promise<{ status: number; cycle: number }> {
  const response = await fetch(`http://127.0.0.1:${facts.ports[`${node.toUpperCase()}_REST_PORT`]}/health`)
  const { dcs_last_seen: cycle = 0 } = (await response.json()) as { dcs_last_seen?: number }
  return { status: response.status, cycle }
}

/** Over several cycles of each node's Patroni it answers that it is well, and HAProxy has every replica. */
async function staysWell(): Promise<void> {
  const seen = new Map(NODES.map((node) => [node, new Set<number>()]))
  await waitFor('several cycles of each Patroni', async () => {
    for (const node of NODES) {
      const { status, cycle } = await patroniOf(node)
      expect(status, `the REST API of ${node}`).toBe(200)
      seen.get(node)?.add(cycle)
    }
    return [...seen.values()].every((cycles) => cycles.size > CYCLES)
  })
  const { cluster } = await api.query<{
    cluster: { haproxy: { backends: { name: string; servers: { active: boolean }[] }[] } }
  }>('{ cluster { haproxy { backends { name servers { active } } } } }')
  const readers = cluster.haproxy.backends.find(({ name }) => name === 'replicas')?.servers ?? []
  expect(readers.filter(({ active }) => active)).toHaveLength(NODES.length - 1)
}

describe('settings that users make for their sessions', () => {
  test('for the cluster are felt by no session of the stack', async () => {
    const last = drawSettings(() => 0.999)
    await perform('updateConfiguration', { patch: settingsPatch(last) })
    await staysWell()
    const { replicas } = await readLeadership(api)
    await perform('reloadNode', { node: replicas[0] })
    await perform('switchover')
    await waitForBackups(api)
    await perform('createBackup', { type: 'FULL' })
    const { id, recovery } = await recover(api, 'rehearseRecovery', {})
    expect(recovery).toMatchObject({ status: 'READY', verification: { passed: true } })
    await perform('discardRecovery', { recovery: id })
  }, 300_000)

  test.each(['database', 'roles'] as const)('for the %s are felt by none that is new', async (level) => {
    await setForSessions(
      facts,
      level,
      drawSettings(() => 0),
    )
    for (const node of NODES) {
      const sql = `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name LIKE 'Patroni%' OR usename = 'barman'`
      await facts.sql(node, sql)
    }
    await staysWell()
    await waitForBackups(api)
    const { replicas } = await readLeadership(api)
    await perform('restartNode', { node: replicas[0] })
    await staysWell()
    await resetForSessions(facts)
  })
})

describe('a change of the configuration that would not come into force', () => {
  test.each([
    ['a time zone that there is not', { log_timezone: 'Mars/Phobos' }],
    ['a library that there is not', { session_preload_libraries: 'auto_explain, nowhere' }],
    ['a list that is none', { temp_tablespaces: 'a,,b' }],
  ])('is refused by the nodes before anything is written: %s', async (_, parameters) => {
    const { operation } = await update(parameters)
    expect(operation).toMatchObject({ status: 'FAILED', error: { code: 'BAD_VALUE' } })
    const { cluster } = await api.query<{ cluster: { configuration: object } }>('{ cluster { configuration } }')
    expect(JSON.stringify(cluster.configuration)).not.toContain(Object.keys(parameters)[0])
  })

  test('because of ALTER SYSTEM is refused, with a remedy that works', async () => {
    const { replicas } = await readLeadership(api)
    const node = replicas.at(-1) ?? ''
    await facts.sql(node, "ALTER SYSTEM SET work_mem = '5MB'")
    const { operation } = await update({ work_mem: '6MB' })
    expect(operation).toMatchObject({ status: 'FAILED', error: { code: 'NOT_TO_BE_SET_HERE' } })
    const remedy = /docker exec .*$/.exec(operation.error?.remedy ?? '')?.[0] ?? 'false'
    await promisify(execFile)('bash', ['-c', remedy])
    await perform('updateConfiguration', { patch: settingsPatch({ work_mem: '6MB' }) })
    for (const each of NODES) expect(await facts.sql(each, 'SHOW work_mem')).toBe('6MB')
  })

  test('on a node whose own file has another value succeeds with a warning that names it', async () => {
    const { replicas } = await readLeadership(api)
    const node = replicas[0] ?? ''
    const edit = (script: string) => facts.exec(node, ['sed', '-i', script, '/run/howdah/patroni.yml'])
    await edit('s/^    unix_socket_directories:/    work_mem: 7MB\\n&/')
    try {
      await perform('reloadNode', { node })
      const { operation, events } = await update({ work_mem: '8MB' })
      expect(operation).toMatchObject({ status: 'SUCCEEDED', error: null })
      expect(events.map(({ message }) => message)).toContainEqual(
        expect.stringMatching(
          `${node} goes on without work_mem = 8MB: its configuration has 7MB \\(postgresql.conf, line`,
        ),
      )
    } finally {
      await edit('/^    work_mem: 7MB$/d')
      await perform('reloadNode', { node })
    }
  })
})

test('a lowered parameter comes into force everywhere, the leader first, which goes on leading', async () => {
  const set = async (value: number) => {
    await perform('updateConfiguration', { patch: settingsPatch({ max_locks_per_transaction: String(value) }) })
    const { plan } = await requestOperation(api, 'restartCluster', { pendingOnly: true, dryRun: true })
    await perform('restartCluster', { pendingOnly: true })
    for (const node of NODES) {
      const running = await facts.sql(node, 'SHOW max_locks_per_transaction')
      expect(`${node} ${running}`).toBe(`${node} ${value}`)
    }
    return plan?.summary ?? ''
  }
  await set(256)
  const { leader } = await readLeadership(api)
  expect(await set(96)).toMatch(`Restarts PostgreSQL on ${leader}, db`)
  expect((await readLeadership(api)).leader).toBe(leader)
  await leaderSql(facts, 'SELECT 1')
}, 300_000)
