import { describe, expect, test } from 'vitest'
import type { ContainerNow } from '../../../src/clients/docker/docker-control.ts'
import type { CommandResult } from '../../../src/clients/docker/service-commands.ts'
import type { ClusterSnapshot } from '../../../src/domain/cluster/cluster.ts'
import type { ClusterLayout } from '../../../src/domain/cluster/cluster-layout.ts'
import { NodeRole, NodeState } from '../../../src/domain/cluster/node.ts'
import { NotFoundError } from '../../../src/domain/errors.ts'
import { LogLevel } from '../../../src/domain/operation/operation-events.ts'
import type { StepContext } from '../../../src/operations/context.ts'
import { StepOutcome } from '../../../src/operations/define-operation.ts'
import type { CheckConnectivityInput } from '../../../src/operations/services/check-connectivity/check-connectivity-input.ts'
import { reachService } from '../../../src/operations/services/check-connectivity/reach-service.ts'
import type { ServiceInput } from '../../../src/operations/services/service-input.ts'

import { restartContainer } from '../../../src/operations/services/start-and-stop/restart-container.ts'
import { startNodePatroni } from '../../../src/operations/services/start-node-patroni.ts'
import { waitUntilWell } from '../../../src/operations/services/wait-until-well.ts'
import { FakeNodeData } from '../../support/fake-node-data.ts'
import {
  away,
  clusterOf,
  etcdOf,
  LEADER,
  memberOf,
  nodeOf,
  patroniStatus,
  seen,
  topologyOf,
} from '../domain/builders.ts'
import { layout as smallLayout } from '../observe/layout.ts'

const layout: ClusterLayout = {
  ...smallLayout,
  etcd: ['etcd1', 'etcd2'].map((name) => ({ name, clientUrl: '', service: name })),
}

const RUNNING: ContainerNow = {
  id: 'c',
  status: 'running',
  running: true,
  health: 'healthy',
  startedAt: new Date(0),
  exitCode: null,
  image: 'i',
  imageId: 'i',
  networks: ['patroni_network'],
}

/** A world whose clock only moves while a step sleeps. */
function contextOf<Input>(
  input: Input,
  world: {
    cluster?: Partial<ClusterSnapshot>
    containers?: Readonly<Record<string, Partial<ContainerNow>>>
    answer?: CommandResult
    state?: Record<string, unknown>
    onRestart?: () => void
  },
) {
  let now = 0
  const lines: string[] = []
  const state: Record<string, unknown> = { ...world.state }
  const context = {
    input,
    layout,
    cluster: () => clusterOf(world.cluster),
    clients: {
      refreshNode: async () => {},
      services: {
        inspect: async (service: string) => {
          const container = world.containers?.[service]
          if (container === undefined) throw new NotFoundError(`no ${service}`)
          return { ...RUNNING, ...container }
        },
        run: async () => world.answer,
        restart: async () => world.onRestart?.(),
      },
    },
    state: () => state,
    keep: async (kept: Record<string, unknown>) => void Object.assign(state, kept),
    log: (message: string, level = LogLevel.INFO) => lines.push(`${level} ${message}`),
    sleep: async (ms: number) => {
      now += ms
    },
    now: () => new Date(now),
    signal: new AbortController().signal,
  } as unknown as StepContext<Input>
  return { context, lines, state, elapsed: () => now }
}

describe('a service is healthy', () => {
  const starting = nodeOf('db2', { patroni: seen(patroniStatus({ state: NodeState.STARTING })) })
  const members = new Map([memberOf('db2', { state: NodeState.STARTING })].map((each) => [each.name, each]))
  const startingCluster = { nodes: [LEADER, starting], topology: seen(topologyOf({ members })) }
  const cases: [
    what: string,
    service: string,
    container: Partial<ContainerNow>,
    Partial<ClusterSnapshot>,
    StepOutcome,
  ][] = [
    ['when its health check passes', 'haproxy', {}, {}, StepOutcome.DONE],
    ['when it runs and has no health check', 'haproxy', { health: null }, {}, StepOutcome.DONE],
    ['not while its health check starts', 'haproxy', { health: 'starting' }, {}, StepOutcome.NOT_DONE],
    ['not when it has ended', 'haproxy', { status: 'exited', health: 'healthy' }, {}, StepOutcome.NOT_DONE],
    ['not when it is frozen', 'haproxy', { status: 'paused' }, {}, StepOutcome.NOT_DONE],
    ['when it leads', 'db1', {}, {}, StepOutcome.DONE],
    ['when it streams', 'db2', {}, {}, StepOutcome.DONE],
    ['not when its PostgreSQL starts', 'db2', {}, startingCluster, StepOutcome.NOT_DONE],
    ['when the member sees a leader', 'etcd2', {}, {}, StepOutcome.DONE],
    ['not when the member does not', 'etcd2', {}, { etcd: [etcdOf('etcd2', away())] }, StepOutcome.NOT_DONE],
  ]
  test.each(cases)('%s', async (_, service, container, cluster, expected) => {
    const { context } = contextOf<ServiceInput>({ service }, { cluster, containers: { [service]: container } })
    expect(await waitUntilWell.isDone?.(context)).toBe(expected)
  })

  test('as it can be, as the only etcd member that runs; the log says what is missing', async () => {
    const { context, lines } = contextOf<ServiceInput>(
      { service: 'etcd2' },
      {
        cluster: { etcd: [etcdOf('etcd1', away()), etcdOf('etcd2', away())] },
        containers: { etcd1: { status: 'exited' }, etcd2: { health: 'starting' } },
      },
    )
    await waitUntilWell.run(context)
    expect(lines.at(-1)).toBe('WARNING etcd2 runs; etcd has its quorum when 1 more of etcd1 are started')
  })

  test('never, as a node without etcd, and the operation says so', async () => {
    const { context, elapsed } = contextOf<ServiceInput>(
      { service: 'db2' },
      {
        cluster: { ...startingCluster, etcd: [etcdOf('etcd1', away()), etcdOf('etcd2', away())] },
        containers: { db2: { health: 'starting' } },
      },
    )
    await expect(waitUntilWell.run(context)).rejects.toMatchObject({ code: 'ETCD_NO_QUORUM' })
    expect(elapsed()).toBeLessThan(20_000)
  })

  test('not in time, and the error says what was last seen', async () => {
    const containers = { haproxy: { status: 'restarting', exitCode: 1 } }
    const { context, lines } = contextOf<ServiceInput>({ service: 'haproxy' }, { containers })
    await expect(waitUntilWell.run(context)).rejects.toMatchObject({
      code: 'NOT_WELL',
      message: expect.stringContaining('its container is restarting, its last exit code 1'),
    })
    expect(lines).toHaveLength(1)
  })

  test('later than its patience, as long as it copies', async () => {
    const copying = nodeOf('db2', {
      patroni: seen(patroniStatus({ role: NodeRole.REPLICA, state: NodeState.CREATING_REPLICA })),
    })
    const { context, elapsed } = contextOf<ServiceInput>({ service: 'db2' }, { containers: { db2: {} } })
    const cluster = () => clusterOf(elapsed() < 700_000 ? { nodes: [LEADER, copying] } : {})
    await waitUntilWell.run({ ...context, cluster })
    expect(elapsed()).toBeGreaterThan(600_000)
  })
})

describe('a restart', () => {
  test('is told from when the container was started', async () => {
    const containers = { haproxy: { startedAt: new Date(1) } }
    const onRestart = () => {
      containers.haproxy.startedAt = new Date(2)
    }
    const { context, state } = contextOf<ServiceInput>({ service: 'haproxy' }, { containers, onRestart })
    expect(await restartContainer.isDone?.(context)).toBe(StepOutcome.NOT_DONE)
    await restartContainer.run(context)
    expect(state).toEqual({ startedBefore: new Date(1).toISOString() })
    expect(await restartContainer.isDone?.(context)).toBe(StepOutcome.DONE)
  })

  test('is asked for again by a worker that takes over before it was done', async () => {
    const state = { startedBefore: new Date(0).toISOString() }
    const { context } = contextOf<ServiceInput>({ service: 'haproxy' }, { containers: { haproxy: {} }, state })
    expect(await restartContainer.isDone?.(context)).toBe(StepOutcome.NOT_DONE)
  })
})

describe('a connection', () => {
  const said = (answer: object | string, exitCode = 0): CommandResult => ({
    exitCode,
    stdout: typeof answer === 'string' ? answer : JSON.stringify(answer),
    stderr: '',
  })
  const attempt = (answer: CommandResult) => {
    const { context, lines } = contextOf<CheckConnectivityInput>(
      { from: 'db1', to: 'etcd1' },
      { answer, containers: { db1: {}, etcd1: { networks: ['elsewhere'] } } },
    )
    return { result: reachService.run(context), lines }
  }
  const resolved = { addresses: ['172.20.0.5'], resolveMicroseconds: 1500 }

  test('is measured by the median of its tries', async () => {
    const tries = [{ microseconds: 300 }, { microseconds: 90 }, { microseconds: 100 }, { error: 'timeout' }]
    const { result, lines } = attempt(said({ ...resolved, tries }))
    await result
    expect(lines).toEqual([
      'INFO db1 resolves etcd1 to 172.20.0.5 in 1.5 ms',
      'INFO db1 connects to etcd1:2379 in 0.1 ms, the median of 4 tries; 1 failed (timeout)',
    ])
  })

  test.each([
    ['NAME_NOT_RESOLVED', said({ addresses: [], resolveMicroseconds: 1, tries: [] })],
    ['PORT_CLOSED', said({ ...resolved, tries: [{ error: 'refused' }] })],
    ['TIMED_OUT', said({ ...resolved, tries: [{ error: 'timeout' }, { error: 'timeout' }, { microseconds: 9 }] })],
    ['TIMED_OUT', said({ ...resolved, tries: [{ error: 'unreachable' }] })],
    ['PROBE_MISSING', said('OCI runtime exec failed: no such file', 127)],
  ])('fails with %s', async (code, answer) => {
    const { result } = attempt(answer)
    await expect(result).rejects.toMatchObject({ code, remedy: expect.any(String) })
  })

  test('that fails tells which networks there are', async () => {
    const { result } = attempt(said({ addresses: [], resolveMicroseconds: 1, tries: [] }))
    await expect(result).rejects.toMatchObject({
      remedy: expect.stringContaining('db1 is running, on patroni_network; etcd1 is running, on elsewhere.'),
    })
  })
})

describe('the Patroni of a node', () => {
  /** A container in which an operation has left Patroni down. */
  function keptDown(service: string) {
    const { context } = contextOf({ service }, { containers: { db2: {}, haproxy: {} } })
    const node = Object.assign(new FakeNodeData(), { isUp: false, down: '20261122T110000000-abc123' })
    Object.assign(context.clients, { nodeData: () => node })
    return { context, node }
  }

  test('is started where it is kept down inside a running container, and is started then', async () => {
    const { context, node } = keptDown('db2')
    expect(startNodePatroni.applies?.(context)).toBe(true)
    expect(await startNodePatroni.isDone?.(context)).toBe(StepOutcome.NOT_DONE)
    await startNodePatroni.run(context)
    expect(node).toMatchObject({ done: ['start'], down: null })
    expect(await startNodePatroni.isDone?.(context)).toBe(StepOutcome.DONE)
  })

  test('is nothing that another service has', () => {
    expect(startNodePatroni.applies?.(keptDown('haproxy').context)).toBe(false)
  })

  test('that says nothing is not waited for as long as one that replays', async () => {
    const silent = nodeOf('db2', { patroni: away('connection refused') })
    const { context, elapsed } = contextOf(
      { service: 'db2' },
      { containers: { db2: {} }, cluster: { nodes: [LEADER, silent], services: seen([]) } },
    )
    await expect(waitUntilWell.run(context)).rejects.toThrow(/Patroni does not answer/)
    expect(elapsed()).toBeLessThan(120_000)
  })
})
