import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { docker } from '../support/docker.ts'
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts'
import { imageId, runVariant } from '../support/stack/image-variant.ts'
import {
  cancelOperation,
  operationEvents,
  type PayloadView,
  requestOperation,
  untilEnd,
} from '../support/stack/operation-client.ts'
import { leaderSql } from '../support/stack/sql.ts'
import { stack } from '../support/stack/stack.ts'
import { waitForHealthyCluster } from '../support/stack/stack-conditions.ts'
import { waitFor } from '../support/wait-for.ts'

const facts = stack()
const { apiUrl, tokens, container } = facts
let api: ApiClient

beforeAll(async () => {
  api = createApiClient({ url: apiUrl, token: tokens.operator })
  await waitForHealthyCluster(api)
})
afterAll(async () => {
  await docker('start', container('etcd2'), container('db4'))
  await waitForQuorum(true)
  await waitForHealthyCluster(api)
  await api.close()
})

const inspectSchema = z.object({
  Id: z.string(),
  Name: z.string(),
  Image: z.string(),
  State: z.object({ Status: z.string(), StartedAt: z.string() }),
  Mounts: z.array(z.object({ Destination: z.string(), Source: z.string(), RW: z.boolean() })),
  Config: z.object({
    Env: z.array(z.string()),
    Cmd: z.array(z.string()).nullable(),
    Entrypoint: z.array(z.string()).nullable(),
    Hostname: z.string(),
    User: z.string(),
    Labels: z.record(z.string(), z.string()),
    Healthcheck: z.unknown().optional(),
    StopTimeout: z.number().optional(),
  }),
  HostConfig: z.object({
    Binds: z.array(z.string()).nullable(),
    PortBindings: z.unknown().optional(),
    RestartPolicy: z.unknown(),
    LogConfig: z.unknown(),
    Tmpfs: z.unknown().optional(),
  }),
  NetworkSettings: z.object({ Networks: z.record(z.string(), z.object({ Aliases: z.array(z.string()).nullable() })) }),
})
type Inspected = z.output<typeof inspectSchema>

async function inspect(service: string): Promise<Inspected> {
  const answer = JSON.parse(await docker('inspect', '--format', '{{json .}}', container(service)))
  const inspected = inspectSchema.parse(answer)
  // Docker tells of them in whatever order.
  inspected.Mounts.sort((a, b) => a.Destination.localeCompare(b.Destination))
  return inspected
}

/** What has to be the same in a container that takes another one's place. */
function lasting({ Id, Name, Mounts, Config, HostConfig, NetworkSettings }: Inspected) {
  const networks = Object.entries(NetworkSettings.Networks).map(
    ([name, { Aliases }]) => [name, (Aliases ?? []).filter((alias) => !Id.startsWith(alias)).sort()] as const,
  )
  const { 'com.docker.compose.image': _, 'howdah.test': __, ...labels } = Config.Labels
  return {
    Name,
    Mounts,
    Config: { ...Config, Labels: labels, Env: [...Config.Env].sort() },
    HostConfig,
    Networks: Object.fromEntries(networks),
  }
}

async function finished({ operation, refusals }: PayloadView) {
  expect(refusals).toEqual([])
  return untilEnd(api, operation?.id ?? '')
}

async function succeeded(payload: PayloadView) {
  const { operation, events } = await finished(payload)
  expect(operation).toMatchObject({ status: 'SUCCEEDED', error: null })
  return { operation, events, steps: operation.steps.map(({ status }) => status) }
}

/** Begins to rebuild etcd2, and answers when an event has said so. */
async function rebuildUntil(words: string): Promise<PayloadView> {
  const payload = await requestOperation(api, 'rebuildService', { service: 'etcd2', force: true })
  for await (const { message } of operationEvents(api, payload.operation?.id ?? '')) {
    if (message.includes(words)) break
  }
  return payload
}

const codes = ({ refusals }: PayloadView) => refusals.map(({ code }) => code)

async function waitForQuorum(expected: boolean): Promise<void> {
  await waitFor(`etcd ${expected ? 'with' : 'without'} a quorum, as the API sees it`, async () => {
    const { cluster } = await api.query<{ cluster: { etcd: { hasQuorum: boolean } } }>(
      '{ cluster { etcd { hasQuorum } } }',
    )
    return cluster.etcd.hasQuorum === expected
  })
}

async function aReplica(): Promise<string> {
  const { cluster } = await api.query<{ cluster: { nodes: { name: string; role: string }[] } }>(
    '{ cluster { nodes { name role } } }',
  )
  return cluster.nodes.filter(({ role }) => role === 'REPLICA').at(-1)?.name ?? ''
}

describe('a service', () => {
  test('is left alone by dry runs, whose plans say what goes down with it', async () => {
    const services = ['db1', 'db4', 'etcd2', 'haproxy', 'barman']
    const before = await Promise.all(services.map(inspect))
    for (const service of services) {
      for (const kind of ['startService', 'stopService', 'restartService', 'rebuildService'] as const) {
        const { operation, plan } = await requestOperation(api, kind, { service, dryRun: true })
        expect(operation).toBeNull()
        expect(plan?.steps.length).toBeGreaterThan(1)
      }
    }
    expect(
      (await requestOperation(api, 'checkConnectivity', { from: 'db1', to: 'etcd1', dryRun: true })).operation,
    ).toBeNull()
    const haproxy = await requestOperation(api, 'restartService', { service: 'haproxy', dryRun: true })
    expect(haproxy.plan?.downtimeSeconds).toBeGreaterThan(0)
    expect(haproxy.plan?.checks[0]?.message).toContain('writes through HAProxy fail')
    expect(await Promise.all(services.map(inspect))).toEqual(before)
  })

  test('is not stopped where the cluster, or the operation itself, stands on it', async () => {
    const stop = async (service: string) => codes(await requestOperation(api, 'stopService', { service }))
    expect(await stop('etcd2')).toEqual(['LAST_QUORUM'])
    expect(await stop('worker')).toEqual(['RUNS_THE_OPERATION'])
    expect(await stop('redis')).toEqual(['HOLDS_THE_OPERATIONS'])
    expect(await stop('api')).toEqual(['LAST_WAY_IN'])
    expect(await stop('db9')).toEqual(['UNKNOWN_SERVICE'])
    expect(codes(await requestOperation(api, 'restartService', { service: 'worker', force: true }))).toEqual([
      'RUNS_THE_OPERATION',
    ])
    expect(codes(await requestOperation(api, 'rebuildService', { service: 'api' }))).toEqual(['BUILT_ON_THE_HOST'])
  })

  test('is stopped, started, and let go on when it is frozen; what is so already is left', async () => {
    const service = await aReplica()
    expect((await succeeded(await requestOperation(api, 'stopService', { service }))).steps).toEqual([
      'SUCCEEDED',
      'SKIPPED',
    ])
    expect((await inspect(service)).State.Status).toBe('exited')
    const again = await succeeded(await requestOperation(api, 'stopService', { service }))
    expect(again.steps).toEqual(['SKIPPED', 'SKIPPED'])

    await succeeded(await requestOperation(api, 'startService', { service }))
    const { cluster } = await api.query<{ cluster: { nodes: { name: string; state: string }[] } }>(
      '{ cluster { nodes { name state } } }',
    )
    expect(cluster.nodes.find(({ name }) => name === service)?.state).toBe('STREAMING')
    const running = await succeeded(await requestOperation(api, 'startService', { service }))
    expect(running.steps).toEqual(['SKIPPED', 'SKIPPED', 'SKIPPED'])

    await docker('pause', container(service))
    await succeeded(await requestOperation(api, 'startService', { service }))
    expect((await inspect(service)).State.Status).toBe('running')
  })

  test('is stopped when it leads, once another node leads', async () => {
    const leaderOf = async () => {
      const { cluster } = await api.query<{ cluster: { leader: { name: string } | null } }>(
        '{ cluster { leader { name } } }',
      )
      return cluster.leader?.name ?? ''
    }
    const service = await leaderOf()
    const stop = await requestOperation(api, 'stopService', { service })
    expect(stop.plan?.downtimeSeconds).toBeGreaterThan(0)
    await succeeded(stop)
    expect(await leaderOf()).not.toBe(service)
    await succeeded(await requestOperation(api, 'startService', { service }))
    await waitForHealthyCluster(api)
  })

  test('is brought back when etcd has no quorum', async () => {
    await succeeded(await requestOperation(api, 'stopService', { service: 'etcd2', force: true }))
    await waitForQuorum(false)
    await succeeded(await requestOperation(api, 'startService', { service: 'etcd2' }))
    await waitForQuorum(true)
    await waitForHealthyCluster(api)
  })

  test('is restarted, with the Redis that holds its operation restarted under it', async () => {
    const replica = await aReplica()
    const [nodeBefore, redisBefore] = await Promise.all([inspect(replica), inspect('redis')])
    const node = await requestOperation(api, 'restartService', { service: replica })
    const redis = await requestOperation(api, 'restartService', { service: 'redis' })
    for (const { events } of await Promise.all([succeeded(node), succeeded(redis)])) {
      expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1))
    }
    expect((await inspect('redis')).State.StartedAt).not.toBe(redisBefore.State.StartedAt)
    expect((await inspect(replica)).State.StartedAt).not.toBe(nodeBefore.State.StartedAt)
  })

  test('is restarted when it is HAProxy, and writes go through it again', async () => {
    const { plan, ...payload } = await requestOperation(api, 'restartService', { service: 'haproxy' })
    expect(plan?.downtimeSeconds).toBeGreaterThan(0)
    await succeeded({ plan, ...payload })
    await waitFor('a session through HAProxy', () => leaderSql(facts, 'SELECT 1'))
  })
})

describe('a service that is rebuilt', () => {
  test('keeps the old container when cancelled, and gets a new one just like it though the worker is killed', async () => {
    const { image, variant, restore } = await runVariant(container('etcd2'), 'etcd2')
    try {
      await waitForHealthyCluster(api)
      await waitForQuorum(true)
      const before = await inspect('etcd2')
      expect(before.Image).toBe(variant)

      const cancelled = await rebuildUntil('A new container')
      expect((await cancelOperation(api, cancelled.operation?.id ?? '')).refusals).toEqual([])
      expect((await finished(cancelled)).operation.status).toBe('CANCELLED')
      expect(await inspect('etcd2')).toMatchObject({ Id: before.Id, State: { Status: 'running' } })
      expect(await imageId(image)).toBe(variant)

      const payload = await rebuildUntil('set aside')
      await docker('exec', container('worker'), 'sh', '-c', 'kill -9 -1').catch(() => {})
      const { operation } = await succeeded(payload)
      expect(operation.attempt).toBe(2)

      const after = await inspect('etcd2')
      expect(after.Id).not.toBe(before.Id)
      expect(after.Image).not.toBe(variant)
      expect(lasting(after)).toEqual(lasting(before))
      const all = await docker('ps', '-a', '--format', '{{.Names}}', '--filter', `name=${container('etcd2')}`)
      expect(all.split('\n')).toEqual([container('etcd2')])
      await waitForQuorum(true)
    } finally {
      await restore()
    }
  })

  test('keeps its container when its image is as it was', async () => {
    const before = await inspect('etcd2')
    const { steps, operation } = await succeeded(
      await requestOperation(api, 'rebuildService', { service: 'etcd2', force: true }),
    )
    expect(steps).toEqual(['SUCCEEDED', 'SKIPPED', 'SKIPPED', 'SKIPPED'])
    expect(operation.result).toMatchObject({ __typename: 'Service' })
    expect((await inspect('etcd2')).Id).toBe(before.Id)
  })
})

describe('a connection', () => {
  test('is told with its address and latency', async () => {
    for (const [from, to] of [
      ['db1', 'etcd1'],
      ['haproxy', 'db2'],
      ['api', 'redis'],
    ] as const) {
      const { events } = await succeeded(await requestOperation(api, 'checkConnectivity', { from, to }))
      const messages = events.map(({ message }) => message).join('\n')
      expect(messages).toMatch(new RegExp(`${from} resolves ${to} to [0-9.]+ in [0-9.]+ ms`))
      expect(messages).toMatch(new RegExp(`${from} connects to ${to}:\\d+ in [0-9.]+ ms, the median of 5 tries`))
    }
  })

  test('that there is not, is told with the reason', async () => {
    const closed = await finished(
      await requestOperation(api, 'checkConnectivity', { from: 'db1', to: 'etcd1', port: 9 }),
    )
    expect(closed.operation).toMatchObject({ status: 'FAILED', error: { code: 'PORT_CLOSED' } })
    const apart = await finished(await requestOperation(api, 'checkConnectivity', { from: 'db1', to: 'redis' }))
    expect(apart.operation).toMatchObject({ status: 'FAILED', error: { code: 'NAME_NOT_RESOLVED' } })
    expect(codes(await requestOperation(api, 'checkConnectivity', { from: 'db1', to: 'nowhere' }))).toEqual([
      'UNKNOWN_SERVICE',
    ])
  })
})
