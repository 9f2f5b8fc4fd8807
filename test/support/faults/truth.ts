import { expect } from 'vitest'
import { z } from 'zod'
import { bareName } from '../../../src/domain/resource-id.ts'
import { docker } from '../docker.ts'
import type { ApiClient } from '../stack/api-client.ts'
import { operationEvents } from '../stack/operation-client.ts'
import { listRecoveries } from '../stack/recovery-client.ts'
import type { TestStack } from '../stack/stack.ts'
import { waitForHealthyCluster } from '../stack/stack-conditions.ts'
import { waitFor } from '../wait-for.ts'

const TERMINAL = ['SUCCEEDED', 'FAILED', 'CANCELLED', 'INTERRUPTED']
const NODES = ['db1', 'db2', 'db3', 'db4']

interface Listed {
  readonly id: string
  readonly kind: string
  readonly status: string
}

async function newest(api: ApiClient, count: number): Promise<Listed[]> {
  const query = 'query ($count: Int!) { operations(first: $count) { edges { node { id kind status } } } }'
  const { operations } = await api.query<{ operations: { edges: { node: Listed }[] } }>(query, { count })
  return operations.edges.map(({ node }) => node)
}

/**
 * What must hold after every fault: all operations have ended, their events have no gap, nothing that was claimed, locked
 * or started is left, one node takes writes, and the cluster is healthy.
 */
export async function expectTruth(facts: TestStack, api: ApiClient, operations = 5): Promise<void> {
  await waitFor(
    'every operation to end',
    async () => {
      const running = (await newest(api, 50)).filter(({ status }) => !TERMINAL.includes(status))
      if (running.length > 0) throw new Error(running.map((each) => Object.values(each).join(' ')).join(', '))
      return true
    },
    { timeoutMs: 180_000, intervalMs: 250 },
  )
  for (const { id } of await newest(api, operations)) {
    const sequences: number[] = []
    for await (const { sequence } of operationEvents(api, id)) sequences.push(sequence)
    expect(sequences, `events of ${id}`).toEqual(sequences.map((_, index) => index + 1))
  }
  expect(await redisCommand(facts, 'HLEN', 'howdah:claims'), 'claims that are left').toBe('0')
  // A lock whose worker died ends with its lease.
  await waitFor('every lock in etcd to be free', async () => {
    const locks = await facts.exec('etcd1', ['etcdctl', 'get', '--prefix', '--keys-only', '/howdah/patroni/locks/'])
    if (locks !== '') throw new Error(locks)
    return true
  })
  await waitForHealthyCluster(api)
  // The API sees a member that was started some seconds later than the worker, which waited for it.
  await waitFor('the API to see the quorum of etcd', async () => {
    const { cluster } = await api.query<{ cluster: { etcd: { hasQuorum: boolean } } }>(
      '{ cluster { etcd { hasQuorum } } }',
    )
    return cluster.etcd.hasQuorum
  })
  // A backup that Howdah takes after a recovery may run for some seconds more.
  await waitFor('no runs but those of recoveries that are READY', async () => {
    const [running, expected] = [await runningRuns(facts), await runsOfReady(api)]
    if (String(running) === String(expected)) return true
    throw new Error(`${running.join(', ') || 'none'} instead of ${expected.join(', ') || 'none'}`)
  })
  expect(await writablePrimaries(facts)).toHaveLength(1)
}

/** Ids of detached runs on every host of data, without the directory of the recovery that they are for. */
async function runningRuns(facts: TestStack): Promise<string[]> {
  const lists = await Promise.all(['barman', ...NODES].map((service) => facts.exec(service, ['howdah-run', 'list'])))
  const running = lists.flatMap((lines) => lines.split('\n')).filter((line) => line.includes('"RUNNING"'))
  const id = z.object({ id: z.string() })
  return running.map((line) => id.parse(JSON.parse(line)).id.replace(/^.*\.recovery-/, '')).sort()
}

/** Of each, what fetches its WAL and what leads its readers in; its PostgreSQL runs in its sandbox. */
async function runsOfReady(api: ApiClient): Promise<string[]> {
  const ready = (await listRecoveries(api)).filter(({ status }) => status === 'READY')
  return ready
    .map(({ id }) => bareName('Recovery', id))
    .flatMap((id) => [`${id}-feed`, `${id}-relay`])
    .sort()
}

/** Nodes that would take a write of their own. */
export async function writablePrimaries(facts: TestStack): Promise<string[]> {
  const answers = await Promise.all(
    NODES.map((node) => facts.sql(node, 'SELECT NOT pg_is_in_recovery()').catch(() => 'away')),
  )
  return NODES.filter((_, index) => answers[index] === 't')
}

/** SIGKILL to a container's main process, from outside of Docker: it is restarted as after any crash. */
export async function crash(facts: TestStack, service: string): Promise<void> {
  process.kill(await pidOf(facts, service), 'SIGKILL')
}

export async function pidOf(facts: TestStack, service: string): Promise<number> {
  const pid = Number(await docker('inspect', '--format', '{{.State.Pid}}', facts.container(service)))
  if (pid <= 1) throw new Error(`${service} has no process`)
  return pid
}

export function redisCommand(facts: TestStack, ...command: string[]): Promise<string> {
  const script = 'REDISCLI_AUTH=$(cat /run/howdah/redis_password) exec redis-cli --no-auth-warning "$@"'
  return facts.exec('redis', ['sh', '-c', script, 'sh', ...command])
}
