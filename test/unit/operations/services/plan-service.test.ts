import { describe, expect, test } from 'vitest'
import type { ClusterSnapshot } from '../../../../src/domain/cluster/cluster.ts'
import { NodeState, ServiceState } from '../../../../src/domain/cluster/node.ts'
import { planOperation } from '../../../../src/operations/plan-operation.ts'
import rebuildService from '../../../../src/operations/services/rebuild-service/rebuild-service.kind.ts'
import restartService from '../../../../src/operations/services/start-and-stop/restart-service.kind.ts'
import startService from '../../../../src/operations/services/start-and-stop/start-service.kind.ts'
import stopService from '../../../../src/operations/services/start-and-stop/stop-service.kind.ts'
import { LEADER, nodeOf, patroniStatus, topologyOf } from '../../../support/builders/cluster.ts'
import { seen } from '../../../support/builders/observed.ts'
import { serviceContext, withServices } from '../../../support/builders/service-context.ts'

const lagging = nodeOf('db2', { patroni: seen(patroniStatus({ state: NodeState.STARTING })) })

describe('the plan', () => {
  const kinds = [startService, stopService, restartService, rebuildService]
  test.each(kinds.map((kind) => [kind.name, kind] as const))('of %s names its steps', async (_, kind) => {
    const plan = await planOperation(kind, serviceContext({ service: 'db2' }))
    expect(plan.steps.map(({ name }) => name)).toEqual(kind.steps.map(({ name }) => name))
    expect(plan).toMatchObject({ dataLoss: null, downtimeSeconds: 0 })
    expect(plan.estimatedSeconds).toBeGreaterThan(0)
  })

  const failsafe = { topology: seen(topologyOf({ configuration: { failsafe_mode: true } })) }
  const synchronous = { topology: seen(topologyOf({ syncStandbys: ['db2'] })) }
  const cases: [service: string, cluster: Partial<ClusterSnapshot>, downtime: number | null, said: RegExp][] = [
    ['db1', {}, 4, /db1 leads: the replicas elect another leader \(db2, db3 may\)/],
    ['db1', { nodes: [LEADER, lagging] }, null, /no replica may take over/],
    ['db2', withServices({ db3: ServiceState.EXITED }), 0, /db2 is the last replica/],
    ['db2', {}, 0, /db3 still replicate/],
    ['db2', synchronous, 0, /db2 is a sync standby/],
    ['etcd1', {}, null, /no quorum until it is started again.*the leader steps down/],
    ['etcd1', failsafe, 0, /the leader goes on as long as it reaches every member/],
    ['haproxy', {}, null, /all reads and writes through HAProxy fail until it is started again/],
    ['barman', {}, 0, /the leader keeps its WAL meanwhile/],
    ['redis', {}, 0, /those that run wait/],
    ['api', {}, 0, /operations go on/],
    ['docker-proxy', {}, 0, /does not see containers/],
  ]
  test.each(cases)('of stopping %s says what goes down with it (%#)', async (service, cluster, downtime, said) => {
    const { checks, downtimeSeconds } = await planOperation(stopService, serviceContext({ service }, cluster))
    expect(checks.map(({ message }) => message).join('\n')).toMatch(said)
    expect(downtimeSeconds).toBe(downtime)
  })

  test.each([startService, restartService])('of $name starts Patroni where there is one', async (kind) => {
    const namesOf = async (service: string) =>
      (await planOperation(kind, serviceContext({ service }))).steps.map(({ name }) => name)
    expect(await namesOf('db2')).toContain('start-patroni')
    expect(await namesOf('haproxy')).not.toContain('start-patroni')
  })

  test('of restarting HAProxy has a downtime', async () => {
    expect(
      (await planOperation(restartService, serviceContext({ service: 'haproxy' }))).downtimeSeconds,
    ).toBeGreaterThan(0)
  })
})
