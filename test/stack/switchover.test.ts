import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { docker } from '../support/docker.ts'
import { startWriteLoad } from '../support/load/write-load.ts'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import { readLeadership } from '../support/stack/leadership.ts'
import { operationEvents, readOperation, requestOperation, untilEnd } from '../support/stack/operation-client.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForHealthyCluster } from '../support/stack/stack-conditions.ts'
import { waitFor } from '../support/wait-for.ts'

const facts = stack()
let api: ApiClient

beforeAll(() => {
  api = createApiClient({ url: facts.apiUrl, token: facts.tokens.admin })
})
beforeEach(() => waitForHealthyCluster(api))
afterAll(async () => {
  await waitForHealthyCluster(api)
  await api.close()
})

const MEASURED = /^Writes through HAProxy failed for (\d+\.\d\d) s \(\d+ failed, \d+ succeeded\)$/

async function begin(
  kind: 'switchover' | 'failover' | 'cancelScheduledSwitchover',
  input: Record<string, unknown>,
): Promise<string> {
  const { operation, refusals } = await requestOperation(api, kind, input)
  expect(refusals).toEqual([])
  return operation?.id ?? ''
}

async function codesOf(kind: 'switchover' | 'failover', input: Record<string, unknown>): Promise<string[]> {
  return (await requestOperation(api, kind, { ...input, dryRun: true })).refusals.map(({ code }) => code)
}

/** The node that an operation says leads. */
async function resultOf(id: string): Promise<string | undefined> {
  const query = 'query ($id: ID!) { operation(id: $id) { result { ... on PostgresNode { name } } } }'
  const answer = await api.query<{ operation: { result: { name: string } | null } }>(query, { id })
  return answer.operation.result?.name
}

describe('switchover', () => {
  test('plans without doing', async () => {
    // Patroni leaves "{}" there when a request is over.
    const asked = () => facts.exec('etcd1', ['etcdctl', 'get', '/service/patroni/failover', '--print-value-only'])
    const before = { ...(await readLeadership(api)), asked: await asked() }
    const { operation, plan, refusals } = await requestOperation(api, 'switchover', { dryRun: true })
    expect({ operation, refusals }).toEqual({ operation: null, refusals: [] })
    expect(plan).toMatchObject({ dataLoss: null, steps: [{ name: 'prepare' }, { name: 'switch' }, { name: 'settle' }] })
    expect(plan?.downtimeSeconds).toBeGreaterThan(0)
    const after = await readLeadership(api)
    expect([after.leader, after.scheduledAt]).toEqual([before.leader, null])
    expect(await asked()).toBe(before.asked)
  })

  test('hands over to a named candidate under load, loses no acknowledged write, and tells what it cost', async () => {
    const { replicas } = await readLeadership(api)
    const candidate = replicas.at(-1) ?? ''
    const load = await startWriteLoad(facts)
    await waitFor('the load to write', () => load.written > 20)
    const { events, operation } = await untilEnd(api, await begin('switchover', { candidate }))
    await waitForHealthyCluster(api)
    const written = load.written
    await waitFor('the load to go on', () => load.written > written + 20)
    const { lost, failed } = await load.stop()

    expect(operation).toMatchObject({ status: 'SUCCEEDED', attempt: 1, cancellable: false })
    expect(await resultOf(operation.id)).toBe(candidate)
    expect((await readLeadership(api)).leader).toBe(candidate)
    expect(events.map(({ message }) => message)).toContainEqual(expect.stringMatching(MEASURED))
    expect({ lost, anyFailed: failed > 0 }).toEqual({ lost: [], anyFailed: true })
    console.log(events.flatMap(({ message }) => (MEASURED.test(message) ? [message] : [])).join())
  })

  test('goes only where the plan that was read goes', async () => {
    const { leader, replicas } = await readLeadership(api)
    const read = async (input: Record<string, unknown>) =>
      (await requestOperation(api, 'switchover', { ...input, dryRun: true })).plan?.fingerprint ?? ''
    const [candidate = '', other = ''] = replicas
    const ifPlan = await read({ candidate })
    expect(await read({ candidate })).toBe(ifPlan)
    const { operation, refusals } = await requestOperation(api, 'switchover', { candidate: other, ifPlan })
    expect({ operation, codes: refusals.map(({ code }) => code) }).toEqual({ operation: null, codes: ['PLAN_CHANGED'] })
    expect((await readLeadership(api)).leader).toBe(leader)
    expect((await untilEnd(api, await begin('switchover', { candidate, ifPlan }))).operation.status).toBe('SUCCEEDED')
    expect((await readLeadership(api)).leader).toBe(candidate)
  })

  test('to the leader is already so', async () => {
    const { leader } = await readLeadership(api)
    const { operation } = await untilEnd(api, await begin('switchover', { candidate: leader }))
    expect(operation.status).toBe('SUCCEEDED')
    expect(operation.steps.map(({ status }) => status)).toEqual(['SKIPPED', 'SKIPPED', 'SKIPPED'])
    expect(await resultOf(operation.id)).toBe(leader)
  })

  test('is scheduled and cancelled, and neither is done twice', async () => {
    const { leader, replicas } = await readLeadership(api)
    const at = new Date(Date.now() + 3_600_000).toISOString()
    const candidate = replicas[0]
    expect(await codesOf('switchover', { candidate, at: '2020-01-01T00:00:00Z' })).toEqual(['BAD_TIME'])
    expect((await untilEnd(api, await begin('switchover', { candidate, at }))).operation.status).toBe('SUCCEEDED')
    await waitFor('the schedule to be seen', async () => (await readLeadership(api)).scheduledAt === at)
    expect((await readLeadership(api)).leader).toBe(leader)
    const again = await untilEnd(api, await begin('switchover', { candidate, at }))
    expect(again.operation).toMatchObject({ status: 'SUCCEEDED' })
    expect(await codesOf('switchover', { candidate })).toEqual(['SWITCHOVER_SCHEDULED'])

    for (const expected of ['SUCCEEDED', 'SKIPPED']) {
      const { operation } = await untilEnd(api, await begin('cancelScheduledSwitchover', {}))
      expect(operation).toMatchObject({ status: 'SUCCEEDED', steps: [{ name: 'cancel', status: expected }] })
    }
    await waitFor('the schedule to be gone', async () => (await readLeadership(api)).scheduledAt === null)
    expect((await readLeadership(api)).leader).toBe(leader)
  })

  test('ends truly when its worker is killed while Patroni switches over', async () => {
    const { replicas } = await readLeadership(api)
    const candidate = replicas[0] ?? ''
    const id = await begin('switchover', { candidate })
    for await (const { message } of operationEvents(api, id)) if (message === 'Asking Patroni') break
    const killedAt = Date.now()
    const pid = await docker('inspect', '--format', '{{.State.Pid}}', facts.container('worker'))
    process.kill(Number(pid), 'SIGKILL')
    let takenOverAfterMs = Number.POSITIVE_INFINITY
    for await (const { message } of operationEvents(api, id)) {
      if (message.startsWith('Taken over')) takenOverAfterMs = Date.now() - killedAt
    }
    expect(takenOverAfterMs).toBeLessThan(15_000)
    const operation = await readOperation(api, id)
    expect(operation).toMatchObject({ status: 'SUCCEEDED', attempt: 2 })
    expect(await resultOf(id)).toBe((await readLeadership(api)).leader)
    expect(await resultOf(id)).toBe(candidate)
  })
})

describe('a node that cannot lead', () => {
  const frozen = new Set<string>()
  afterEach(async () => {
    for (const node of frozen) await facts.unpause(node)
    frozen.clear()
  })

  test('is refused with its reason', async () => {
    const { replicas } = await readLeadership(api)
    const node = replicas[0] ?? ''
    await facts.pause(node)
    frozen.add(node)
    await waitFor('it to be seen as frozen', async () => (await readLeadership(api)).stateOf(node) === 'UNREACHABLE')
    const { operation, refusals } = await requestOperation(api, 'switchover', { candidate: node })
    expect(operation).toBeNull()
    expect(refusals).toMatchObject([
      {
        code: 'CANDIDATE_NOT_ELIGIBLE',
        field: 'candidate',
        message: `${node} is unreachable: its container is paused.`,
      },
    ])
    expect(await codesOf('switchover', { candidate: 'db9' })).toEqual(['UNKNOWN_NODE'])
  })
})

describe('failover', () => {
  test('is refused while the leader is healthy, in words that name the better way', async () => {
    const { refusals } = await requestOperation(api, 'failover', { confirm: 'patroni' })
    expect(refusals).toMatchObject([{ code: 'LEADER_IS_HEALTHY', field: 'force' }])
    expect(await codesOf('failover', { force: true })).toEqual([])
  })

  test('promotes the named node when the leader is frozen, and says what could be lost', async () => {
    const { leader, replicas } = await readLeadership(api)
    const candidate = replicas[0] ?? ''
    // Of a leader that is dead Howdah releases the lock by itself; one that is frozen may still write, and is left to people.
    await facts.pause(leader)
    try {
      const input = { candidate, confirm: 'patroni' }
      await waitFor('the leader to be seen as lost', async () => (await codesOf('failover', input)).length === 0)
      const { operation, plan, refusals } = await requestOperation(api, 'failover', input)
      expect(refusals).toEqual([])
      expect(plan?.dataLoss).toMatch(/^(Nothing known to be lost|\d+ bytes of WAL)/)
      expect((await untilEnd(api, operation?.id ?? '')).operation.status).toBe('SUCCEEDED')
      expect((await readLeadership(api)).leader).toBe(candidate)
    } finally {
      await facts.unpause(leader)
    }
    await waitForHealthyCluster(api)
  })
})
