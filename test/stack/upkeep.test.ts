import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startWriteLoad } from '../support/load/write-load.ts'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import { operationEvents, performOperation, requestOperation, untilEnd } from '../support/stack/operation-client.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForHealthyCluster } from '../support/stack/stack-conditions.ts'
import { waitFor } from '../support/wait-for.ts'

const facts = stack()
const { apiUrl, tokens, exec, sql } = facts
const NODES = ['db1', 'db2', 'db3', 'db4']
/** A parameter that needs a restart and that nothing in the stack depends on. */
const PARAMETER = 'track_activity_query_size'
let api: ApiClient

beforeAll(async () => {
  api = createApiClient({ url: apiUrl, token: tokens.admin })
})
beforeEach(() => waitForHealthyCluster(api))
afterAll(async () => {
  await waitForHealthyCluster(api)
  await api.close()
})

/** Patroni's own word, through one of its members. */
async function patroni<T>(path: string, node = 'db1'): Promise<T> {
  const response = await fetch(`http://127.0.0.1:${facts.ports[`${node.toUpperCase()}_REST_PORT`]}${path}`)
  return (await response.json()) as T
}

interface Member {
  readonly name: string
  readonly role: string
  readonly state: string
  readonly pending_restart?: boolean
}

const members = async () => (await patroni<{ members: Member[] }>('/cluster')).members
const CONFIGURATION_KEY = '/service/patroni/config'
const configuration = () => patroni<Record<string, unknown>>('/config')
/** As it stands in etcd: what a member answers may be a moment old. */
const storedConfiguration = async () =>
  JSON.parse(await exec('etcd1', ['etcdctl', 'get', '--print-value-only', CONFIGURATION_KEY])) as Record<
    string,
    unknown
  >

async function leaderAndReplica(): Promise<{ leader: string; replica: string }> {
  const all = await members()
  const leader = all.find(({ role }) => role === 'leader')?.name
  const replica = all.find(({ role }) => role === 'replica')?.name
  if (leader === undefined || replica === undefined) throw new Error(JSON.stringify(all))
  return { leader, replica }
}

const startTime = (node: string) => sql(node, 'SELECT pg_postmaster_start_time()')

/** When PostgreSQL started on each node. */
async function startTimes(): Promise<Record<string, string>> {
  const times = NODES.map(async (node) => [node, await startTime(node)] as const)
  return Object.fromEntries(await Promise.all(times))
}

async function world() {
  const [all, config, starts] = await Promise.all([members(), configuration(), startTimes()])
  return { roles: all.map(({ name, role }) => `${name} ${role}`).sort(), config, starts }
}

const refusalsOf = async (kind: string, input: Record<string, unknown>) =>
  (await requestOperation(api, kind, input)).refusals.map(({ code }) => code)

const parameter = (value: number | null) => ({ postgresql: { parameters: { [PARAMETER]: value } } })

describe('upkeep of nodes and configuration', () => {
  test('is planned without anything being changed', async () => {
    const { leader, replica } = await leaderAndReplica()
    const before = await world()
    const requests: [string, Record<string, unknown>][] = [
      ['restartNode', { node: leader }],
      ['restartNode', { node: replica, pendingOnly: true }],
      ['restartCluster', {}],
      ['reloadNode', { node: replica }],
      ['reinitializeNode', { node: replica }],
      ['pauseCluster', {}],
      ['resumeCluster', {}],
      ['updateConfiguration', { patch: parameter(4096) }],
    ]
    for (const [kind, input] of requests) {
      const { operation, plan, refusals } = await requestOperation(api, kind, { ...input, dryRun: true })
      expect({ kind, operation, refusals }).toEqual({ kind, operation: null, refusals: [] })
      expect(plan?.steps.length).toBeGreaterThan(0)
      expect(plan?.downtimeSeconds === 0).toBe(!(kind === 'restartCluster' || input['node'] === leader))
    }
    expect(await world()).toEqual(before)
  })

  test('is refused with reasons', async () => {
    const { leader, replica } = await leaderAndReplica()
    expect(await refusalsOf('restartNode', { node: 'db9' })).toEqual(['UNKNOWN_NODE'])
    expect(await refusalsOf('reinitializeNode', { node: leader, confirm: 'patroni' })).toEqual(['IS_LEADER'])
    expect(await refusalsOf('reinitializeNode', { node: replica })).toEqual(['CONFIRMATION_REQUIRED'])
    expect(await refusalsOf('updateConfiguration', { patch: [] })).toEqual(['INVALID_PATCH'])
    expect(await refusalsOf('updateConfiguration', { patch: { color: 'red' } })).toEqual(['UNKNOWN_KEY'])
    expect(await refusalsOf('updateConfiguration', { patch: { loop_wait: 60 } })).toEqual(['TIMEOUTS_DO_NOT_FIT'])
  })

  test('reloads a node', async () => {
    const { replica } = await leaderAndReplica()
    const loaded = () => sql(replica, 'SELECT pg_conf_load_time()')
    const before = await loaded()
    const { operation } = await performOperation(api, 'reloadNode', { node: replica })
    expect(operation).toMatchObject({ status: 'SUCCEEDED', result: { __typename: 'PostgresNode' } })
    expect(await loaded()).not.toBe(before)
  })

  test('pauses and resumes the cluster, for every member', async () => {
    const paused = () =>
      Promise.all(NODES.map(async (node) => (await patroni<{ pause?: boolean }>('/patroni', node)).pause === true))
    expect((await performOperation(api, 'pauseCluster', {})).operation.status).toBe('SUCCEEDED')
    expect(await paused()).toEqual([true, true, true, true])
    const again = (await performOperation(api, 'pauseCluster', {})).operation
    expect(again.steps.map(({ status }) => status)).toEqual(['SKIPPED', 'SKIPPED'])
    expect(await refusalsOf('restartCluster', {})).toEqual(['CLUSTER_PAUSED'])
    expect((await performOperation(api, 'resumeCluster', {})).operation.status).toBe('SUCCEEDED')
    expect(await paused()).toEqual([false, false, false, false])
  })

  test('changes the configuration, and says what needs a restart and where', async () => {
    const patch = parameter(4096)
    const { plan } = await requestOperation(api, 'updateConfiguration', { patch, dryRun: true })
    expect(plan?.checks.map(({ name, message }) => `${name}: ${message}`)).toContain(
      `postgresql.parameters.${PARAMETER}: not set -> 4096`,
    )
    expect(plan?.summary).toContain('restart')
    const { operation, events } = await performOperation(api, 'updateConfiguration', { patch })
    expect(operation.status).toBe('SUCCEEDED')
    expect(events.map(({ message }) => message).join('\n')).toMatch(/restart is pending on db1, db2, db3, db4/)
    expect(await configuration()).toMatchObject(patch)
    const again = (await performOperation(api, 'updateConfiguration', { patch })).operation
    // It is tried again all the same: ALTER SYSTEM may have set it since.
    expect(again.steps.map(({ status }) => status)).toEqual(['SUCCEEDED', 'SKIPPED', 'SKIPPED'])
  })

  test('restarts one replica where a restart is pending, and not a second time', async () => {
    const { replica } = await leaderAndReplica()
    const first = (await performOperation(api, 'restartNode', { node: replica, pendingOnly: true })).operation
    expect(first).toMatchObject({ status: 'SUCCEEDED', steps: [{ status: 'SUCCEEDED' }] })
    expect(await sql(replica, `SHOW ${PARAMETER}`)).toBe('4kB')
    const second = (await performOperation(api, 'restartNode', { node: replica, pendingOnly: true })).operation
    expect(second).toMatchObject({ status: 'SUCCEEDED', steps: [{ status: 'SKIPPED' }] })
  })

  test('refuses one of two changes at once, and one whose configuration another client has changed', async () => {
    const patch = (value: number) => ({ maximum_lag_on_failover: value })
    const two = await Promise.all(
      [2_000_000, 3_000_000].map((n) => requestOperation(api, 'updateConfiguration', { patch: patch(n) })),
    )
    expect(two.flatMap(({ refusals }) => refusals.map(({ code }) => code))).toEqual(['CONFLICT'])
    for (const { operation } of two) if (operation !== null) await untilEnd(api, operation.id)

    await facts.pause('worker')
    let asked: Awaited<ReturnType<typeof requestOperation>>
    try {
      asked = await requestOperation(api, 'updateConfiguration', { patch: patch(4_000_000) })
      const foreign = { ...(await storedConfiguration()), maximum_lag_on_failover: 1_048_576 }
      await exec('etcd1', ['etcdctl', 'put', CONFIGURATION_KEY, JSON.stringify(foreign)])
    } finally {
      await facts.unpause('worker')
    }
    const { operation } = await untilEnd(api, asked.operation?.id ?? '')
    expect(operation).toMatchObject({ status: 'FAILED', error: { code: 'CONFLICT' } })
    expect(operation.error?.message).toContain('maximum_lag_on_failover')
    expect(await storedConfiguration()).toMatchObject({ maximum_lag_on_failover: 1_048_576 })
  })

  test('restarts the cluster node by node under a write load, and loses no acknowledged write', async () => {
    expect((await performOperation(api, 'updateConfiguration', { patch: parameter(null) })).operation.status).toBe(
      'SUCCEEDED',
    )
    const before = await startTimes()
    const { leader } = await leaderAndReplica()
    const load = await startWriteLoad(facts)
    const { operation, events } = await performOperation(api, 'restartCluster', {})
    const written = await load.stop()
    expect(operation.error).toBeNull()
    expect(operation.status).toBe('SUCCEEDED')
    expect(written.lost).toEqual([])
    expect(written.acknowledged).toBeGreaterThan(100)
    const after = await startTimes()
    expect(NODES.filter((node) => after[node] === before[node])).toEqual([])
    expect((await leaderAndReplica()).leader).not.toBe(leader)
    expect(events.map(({ message }) => message).join('\n')).toMatch(/Writes through HAProxy failed for [\d.]+ s/)
    await waitFor('no restart to be pending', async () => {
      const pending = (await members()).filter(({ pending_restart }) => pending_restart === true)
      if (pending.length > 0) throw new Error(JSON.stringify(pending))
      return true
    })
    const idle = (await performOperation(api, 'restartCluster', { pendingOnly: true })).operation
    expect(new Set(idle.steps.map(({ status }) => status))).toEqual(new Set(['SKIPPED']))
  })

  test('goes on with a rolling restart whose worker was killed, without restarting a node twice', async () => {
    const { operation, refusals } = await requestOperation(api, 'restartCluster', {})
    expect(refusals).toEqual([])
    const id = operation?.id ?? ''
    let first = ''
    for await (const { message } of operationEvents(api, id)) {
      first = /^(\w+) was restarted and streams/.exec(message)?.[1] ?? ''
      if (first !== '') break
    }
    const between = await startTime(first)
    await exec('worker', ['sh', '-c', 'kill -9 -1']).catch(() => {})
    const ended = await untilEnd(api, id)
    expect(ended.operation).toMatchObject({ status: 'SUCCEEDED', attempt: 2, error: null })
    expect(await startTime(first)).toBe(between)
  })

  test('restarts the leader in place and measures what it cost', async () => {
    const { leader } = await leaderAndReplica()
    const before = await startTimes()
    const { operation, events } = await performOperation(api, 'restartNode', { node: leader })
    expect(operation).toMatchObject({ status: 'SUCCEEDED', cancellable: false })
    expect((await startTimes())[leader]).not.toBe(before[leader])
    expect(events.map(({ message }) => message).join('\n')).toMatch(/Writes through HAProxy failed for [\d.]+ s/)
  })

  test('reinitializes a replica, whose bytes can be watched', async () => {
    const { replica } = await leaderAndReplica()
    const origin = () => exec(replica, ['sh', '-c', 'tail -n 1 $PATRONI_POSTGRESQL_DATA_DIR/backup_manifest || true'])
    const before = await origin()
    const { operation, events } = await performOperation(api, 'reinitializeNode', { node: replica, confirm: 'patroni' })
    expect(operation.error).toBeNull()
    expect(operation.status).toBe('SUCCEEDED')
    expect(await origin()).not.toBe(before)
    const bytes = events.flatMap(({ progress }) => progress?.bytesDone ?? [])
    expect(bytes.length).toBeGreaterThan(0)
    expect(bytes).toEqual([...bytes].sort((a, b) => a - b))
    expect(await sql(replica, 'SELECT pg_is_in_recovery()')).toBe('t')
  })

  test('goes on with a reinitialize whose worker was killed, without beginning it twice', async () => {
    const { replica } = await leaderAndReplica()
    const { operation } = await requestOperation(api, 'reinitializeNode', { node: replica, confirm: 'patroni' })
    const id = operation?.id ?? ''
    for await (const { message } of operationEvents(api, id)) if (/reinitialize started/.test(message)) break
    await exec('worker', ['sh', '-c', 'kill -9 -1']).catch(() => {})
    const ended = await untilEnd(api, id)
    expect(ended.operation).toMatchObject({ status: 'SUCCEEDED', attempt: 2, error: null })
    expect(ended.events.filter(({ message }) => /reinitialize started/.test(message))).toHaveLength(1)
  })
})
