import { describe, expect, test } from 'vitest'
import type { ContainerNow } from '../../../../src/clients/docker/docker-control.ts'
import type { ClusterSnapshot } from '../../../../src/domain/cluster/cluster.ts'
import { NodeRole, NodeState } from '../../../../src/domain/cluster/node.ts'
import { StepOutcome } from '../../../../src/operations/define-operation.ts'
import type { ServiceInput } from '../../../../src/operations/services/service-input.ts'
import { waitUntilWell } from '../../../../src/operations/services/wait-until-well.ts'
import {
  clusterOf,
  etcdOf,
  LEADER,
  memberOf,
  nodeOf,
  patroniStatus,
  topologyOf,
} from '../../../support/builders/cluster.ts'
import { away, seen } from '../../../support/builders/observed.ts'
import { serviceStepContext } from '../../../support/fakes/fake-containers.ts'

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
    const { context } = serviceStepContext<ServiceInput>({ service }, { cluster, containers: { [service]: container } })
    expect(await waitUntilWell.isDone?.(context)).toBe(expected)
  })

  test('as it can be, as the only etcd member that runs; the log says what is missing', async () => {
    const { context, lines } = serviceStepContext<ServiceInput>(
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
    const { context, elapsed } = serviceStepContext<ServiceInput>(
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
    const { context, lines } = serviceStepContext<ServiceInput>({ service: 'haproxy' }, { containers })
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
    const { context, elapsed } = serviceStepContext<ServiceInput>({ service: 'db2' }, { containers: { db2: {} } })
    const cluster = () => clusterOf(elapsed() < 700_000 ? { nodes: [LEADER, copying] } : {})
    await waitUntilWell.run({ ...context, cluster })
    expect(elapsed()).toBeGreaterThan(600_000)
  })

  test('not for long, as a node whose Patroni says nothing and does not replay', async () => {
    const silent = nodeOf('db2', { patroni: away('connection refused') })
    const { context, elapsed } = serviceStepContext(
      { service: 'db2' },
      { containers: { db2: {} }, cluster: { nodes: [LEADER, silent], services: [] } },
    )
    await expect(waitUntilWell.run(context)).rejects.toThrow(/Patroni does not answer/)
    expect(elapsed()).toBeLessThan(120_000)
  })
})
