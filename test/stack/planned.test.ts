import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import { readBackups } from '../support/stack/backup-client.ts'
import { readLeadership } from '../support/stack/leadership.ts'
import { type OperationView, performOperation, requestOperation, untilEnd } from '../support/stack/operation-client.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForBackups, waitForHealthyCluster, waitForNothingRunning } from '../support/stack/stack-conditions.ts'
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
  await setParameter(null)
  await performOperation(api, 'restartCluster', { pendingOnly: true })
  await waitForNothingRunning(api)
  await waitForHealthyCluster(api)
  await api.close()
})

async function setParameter(value: number | null): Promise<void> {
  const patch = { postgresql: { parameters: { [PARAMETER]: value } } }
  const { operation } = await performOperation(api, 'updateConfiguration', { patch })
  expect(operation).toMatchObject({ status: 'SUCCEEDED', error: null })
}

/** When PostgreSQL started on each node. */
async function startTimes(): Promise<Record<string, string>> {
  const times = NODES.map(async (node) => [node, await sql(node, 'SELECT pg_postmaster_start_time()')] as const)
  return Object.fromEntries(await Promise.all(times))
}

/** Asks for an operation that no worker takes before the world has become another. */
async function whilePlanned(
  kind: string,
  input: Readonly<Record<string, unknown>>,
  change: () => Promise<unknown>,
): Promise<OperationView> {
  await facts.pause('worker')
  let id: string
  try {
    const { operation, refusals } = await requestOperation(api, kind, input)
    expect(refusals).toEqual([])
    id = operation?.id ?? ''
    await change()
  } finally {
    await facts.unpause('worker')
  }
  return (await untilEnd(api, id)).operation
}

/** Past Howdah, as an operator with a shell would. */
async function switchOverByHand(leader: string, candidate: string): Promise<void> {
  const command = ['patronictl', '-c', '/etc/patroni/patroni.yml', 'switchover', '--force']
  await exec(leader, [...command, '--leader', leader, '--candidate', candidate])
}

const CONFIGURATION_KEY = '/service/patroni/config'

async function setParameterByHand(value: number): Promise<void> {
  const stored = await exec('etcd1', ['etcdctl', 'get', '--print-value-only', CONFIGURATION_KEY])
  const configuration = JSON.parse(stored) as { postgresql: { parameters: Record<string, unknown> } }
  configuration.postgresql.parameters[PARAMETER] = value
  await exec('etcd1', ['etcdctl', 'put', CONFIGURATION_KEY, JSON.stringify(configuration)])
}

/** By each node's own word. */
async function untilPendingEverywhere(): Promise<void> {
  await waitFor(
    'a restart to be pending on every node',
    async () => {
      const answers = await Promise.all(
        NODES.map(async (node) => {
          const response = await fetch(`http://127.0.0.1:${facts.ports[`${node.toUpperCase()}_REST_PORT`]}/patroni`)
          return (await response.json()) as { pending_restart?: boolean }
        }),
      )
      if (answers.every(({ pending_restart }) => pending_restart === true)) return true
      throw new Error(JSON.stringify(answers.map(({ pending_restart }) => pending_restart ?? false)))
    },
    { timeoutMs: 60_000 },
  )
}

async function takeBackup(input: Record<string, unknown>): Promise<string> {
  await waitForBackups(api)
  const { operation } = await performOperation(api, 'createBackup', input)
  expect(operation).toMatchObject({ status: 'SUCCEEDED', error: null })
  return operation.result?.backupId ?? ''
}

describe('what runs is what was planned', () => {
  test('a rolling restart asked for right after its parameter is planned for every node, and restarts these', async () => {
    const { leader } = await readLeadership(api)
    const before = await startTimes()
    await setParameter(2048)
    const { operation, plan, refusals } = await requestOperation(api, 'restartCluster', { pendingOnly: true })
    expect(refusals).toEqual([])
    for (const node of NODES) expect(plan?.summary).toContain(node)
    expect(plan?.downtimeSeconds).toBeGreaterThan(0)
    const ended = await untilEnd(api, operation?.id ?? '')
    expect(ended.operation).toMatchObject({ status: 'SUCCEEDED', error: null })
    const after = await startTimes()
    expect(NODES.filter((node) => after[node] === before[node])).toEqual([])
    const now = await readLeadership(api)
    expect(now.leader).not.toBe(leader)
  })

  test('a restart for which more nodes wait by the time it is run is not begun', async () => {
    const before = await startTimes()
    const operation = await whilePlanned('restartCluster', { pendingOnly: true }, async () => {
      await setParameterByHand(4096)
      await untilPendingEverywhere()
    })
    expect(operation).toMatchObject({ status: 'FAILED', error: { code: 'PLAN_CHANGED' } })
    expect(operation.error?.message).toMatch(/db1, db2, db3, db4 \(planned: none\)/)
    expect(await startTimes()).toEqual(before)
    // Asked again, it is planned as it is now.
    const again = await performOperation(api, 'restartCluster', { pendingOnly: true })
    expect(again.operation).toMatchObject({ status: 'SUCCEEDED', error: null })
  })

  test('a replica that has become the leader is not restarted in place', async () => {
    const { leader, replicas } = await readLeadership(api)
    const replica = replicas[0] ?? ''
    let started = ''
    const operation = await whilePlanned('restartNode', { node: replica }, async () => {
      await switchOverByHand(leader, replica)
      started = await sql(replica, 'SELECT pg_postmaster_start_time()')
    })
    expect(operation).toMatchObject({ status: 'FAILED', error: { code: 'PLAN_CHANGED' } })
    expect(await sql(replica, 'SELECT pg_postmaster_start_time()')).toBe(started)
  })

  test('a replica that has become the last one is not stopped', async () => {
    const { replicas } = await readLeadership(api)
    const [last = '', ...others] = replicas
    try {
      const operation = await whilePlanned('stopService', { service: last }, async () => {
        await Promise.all(others.map(facts.stop))
      })
      expect(operation).toMatchObject({ status: 'FAILED', error: { code: 'PLAN_CHANGED' } })
      expect(operation.error?.message).toContain('no replica would be left')
      expect(await sql(last, 'SELECT pg_is_in_recovery()')).toBe('t')
    } finally {
      await Promise.all(others.map(facts.start))
    }
  })

  test('a backup on which another builds by now is not deleted', async () => {
    const parent = await takeBackup({ type: 'FULL' })
    const later = await takeBackup({ type: 'FULL' })
    const input = { backupId: parent, withChildren: true, confirm: 'patroni' }
    const operation = await whilePlanned('deleteBackup', input, () =>
      exec('barman', ['barman', 'backup', '--incremental', parent, 'patroni'], 'barman'),
    )
    expect(operation).toMatchObject({ status: 'FAILED', error: { code: 'PLAN_CHANGED' } })
    const left = await readBackups(api)
    expect(left.find(({ backupId }) => backupId === parent)?.children).toHaveLength(1)
    expect((await performOperation(api, 'deleteBackup', input)).operation.status).toBe('SUCCEEDED')
    expect((await readBackups(api)).map(({ backupId }) => backupId)).toContain(later)
  })
})

describe('what an operation said at its end is true for the next request', () => {
  test('a replica that was just reinitialized may take over at once', async () => {
    const { replicas } = await readLeadership(api)
    const replica = replicas[0] ?? ''
    const { operation } = await performOperation(api, 'reinitializeNode', { node: replica, confirm: 'patroni' })
    expect(operation).toMatchObject({ status: 'SUCCEEDED', error: null })
    const { refusals, operation: asked } = await requestOperation(api, 'switchover', { candidate: replica })
    expect(refusals).toEqual([])
    expect((await untilEnd(api, asked?.id ?? '')).operation).toMatchObject({ status: 'SUCCEEDED', error: null })
    expect((await readLeadership(api)).leader).toBe(replica)
  })

  test('a backup that was just made is in the catalogue, and one that was just kept is kept', async () => {
    const backupId = await takeBackup({ type: 'FULL' })
    const find = async () => (await readBackups(api)).find((each) => each.backupId === backupId)
    expect(await find()).toMatchObject({ status: 'DONE', keep: null })
    await performOperation(api, 'keepBackup', { backupId, target: 'FULL' })
    expect((await find())?.keep).not.toBeNull()
    await performOperation(api, 'releaseBackup', { backupId })
    expect((await find())?.keep).toBeNull()
  })

  test('a service that was just stopped is stopped, and one that was just started streams', async () => {
    const { replicas } = await readLeadership(api)
    const replica = replicas[0] ?? ''
    const stateOf = async () => (await readLeadership(api)).stateOf(replica)
    await performOperation(api, 'stopService', { service: replica })
    expect(await stateOf()).toBe('STOPPED')
    await performOperation(api, 'startService', { service: replica })
    expect(await stateOf()).toBe('STREAMING')
  })
})
