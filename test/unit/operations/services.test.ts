import { describe, expect, test } from 'vitest'
import { BackupStatus } from '../../../src/domain/backup/backup.ts'
import type { ClusterSnapshot } from '../../../src/domain/cluster/cluster.ts'
import type { ClusterLayout } from '../../../src/domain/cluster/cluster-layout.ts'
import { NodeState, ServiceState } from '../../../src/domain/cluster/node.ts'
import { ClaimMode } from '../../../src/domain/operation/claim.ts'
import type { PlanContext } from '../../../src/operations/context.ts'
import { parseOperationInput } from '../../../src/operations/parse-operation-input.ts'
import { planOperation } from '../../../src/operations/plan-operation.ts'
import checkConnectivity from '../../../src/operations/services/check-connectivity/check-connectivity.kind.ts'
import { CheckConnectivityInput } from '../../../src/operations/services/check-connectivity/check-connectivity-input.ts'
import rebuildService from '../../../src/operations/services/rebuild-service/rebuild-service.kind.ts'
import { ServiceInput } from '../../../src/operations/services/service-input.ts'
import restartService from '../../../src/operations/services/start-and-stop/restart-service.kind.ts'
import startService from '../../../src/operations/services/start-and-stop/start-service.kind.ts'
import stopService from '../../../src/operations/services/start-and-stop/stop-service.kind.ts'
import {
  away,
  backupOf,
  backupServerOf,
  clusterOf,
  etcdOf,
  LEADER,
  NOW,
  nodeOf,
  patroniStatus,
  seen,
  serviceOf,
  topologyOf,
} from '../domain/builders.ts'
import { layout as smallLayout } from '../observe/layout.ts'

const SERVICES = [
  'db1',
  'db2',
  'db3',
  'etcd1',
  'etcd2',
  'haproxy',
  'barman',
  'redis',
  'docker-proxy',
  'api',
  'worker',
  'db4',
]

const layout: ClusterLayout = {
  ...smallLayout,
  nodes: ['db1', 'db2', 'db3'].map((name) => ({
    name,
    host: name,
    port: 5432,
    apiUrl: '',
    service: name,
    dataDirectory: '/',
  })),
  etcd: ['etcd1', 'etcd2'].map((name) => ({ name, clientUrl: '', service: name })),
  services: SERVICES.map((name) => ({ name, container: `x-${name}`, docker: 'unix:///var/run/docker.sock' })),
}

function withServices(changes: Readonly<Record<string, ServiceState>>): Partial<ClusterSnapshot> {
  const services = SERVICES.map((name) => serviceOf(name, { state: changes[name] ?? ServiceState.RUNNING }))
  return { services: seen(services) }
}

const alone: Partial<ClusterSnapshot> = {
  ...withServices({ db2: ServiceState.EXITED, db3: ServiceState.EXITED }),
}
const lagging = nodeOf('db2', { patroni: seen(patroniStatus({ state: NodeState.STARTING })) })

function contextOf(
  input: { service: string; force?: boolean },
  cluster: Partial<ClusterSnapshot> = {},
): PlanContext<ServiceInput> {
  return {
    input: Object.assign(new ServiceInput(), { force: false }, input),
    cluster: clusterOf({ ...withServices({}), ...cluster }),
    layout,
    now: NOW,
    earlier: [],
    verifications: new Map(),
    recoveries: [],
    active: new Set(),
  }
}

type Case = [what: string, service: string, cluster: Partial<ClusterSnapshot>, codes: string[], forced: string[]]

describe('stopService is refused', () => {
  const cases: Case[] = [
    ['never for a replica', 'db2', {}, [], []],
    ['never for a leader that others may follow', 'db1', {}, [], []],
    ['for a leader that no node may succeed', 'db1', { nodes: [LEADER, lagging, lagging] }, ['NO_ELIGIBLE_NODE'], []],
    [
      'for the leader of a paused cluster',
      'db1',
      { topology: seen(topologyOf({ paused: true })) },
      ['NO_ELIGIBLE_NODE'],
      [],
    ],
    ['for the last node', 'db1', alone, ['LAST_NODE', 'NO_ELIGIBLE_NODE'], []],
    ['for the last quorum', 'etcd2', {}, ['LAST_QUORUM'], []],
    [
      'never for a member where there is no quorum',
      'etcd2',
      { etcd: [etcdOf('etcd1', away()), etcdOf('etcd2')] },
      [],
      [],
    ],
    [
      'never for a member that can be spared',
      'etcd2',
      { etcd: ['etcd1', 'etcd2', 'etcd3'].map((name) => etcdOf(name)) },
      [],
      [],
    ],
    ['never for HAProxy', 'haproxy', {}, [], []],
    ['never for an idle Barman', 'barman', {}, [], []],
    [
      'for Barman while it makes a backup',
      'barman',
      { backupServers: [backupServerOf({ backups: seen([backupOf(1, 2, { status: BackupStatus.STARTED })]) })] },
      ['BACKUP_RUNNING'],
      [],
    ],
    ['always for the worker', 'worker', {}, ['RUNS_THE_OPERATION'], ['RUNS_THE_OPERATION']],
    ['always for Redis', 'redis', {}, ['HOLDS_THE_OPERATIONS'], ['HOLDS_THE_OPERATIONS']],
    ['for the API', 'api', {}, ['LAST_WAY_IN'], []],
    ['never for what is stopped already', 'etcd2', withServices({ etcd2: ServiceState.EXITED }), [], []],
    [
      'for a container that is not there',
      'db2',
      withServices({ db2: ServiceState.MISSING }),
      ['SERVICE_MISSING'],
      ['SERVICE_MISSING'],
    ],
    ['for an unknown service', 'db9', {}, ['UNKNOWN_SERVICE'], ['UNKNOWN_SERVICE']],
  ]
  test.each(cases)('%s', async (_, service, cluster, codes, forced) => {
    const codesOf = async (force: boolean) => {
      const refusals = await stopService.check(contextOf({ service, force }, cluster))
      for (const refusal of refusals) expect(refusal).toMatchObject({ remedy: expect.any(String), field: 'service' })
      return refusals.map(({ code }) => code)
    }
    expect(await codesOf(false)).toEqual(codes)
    expect(await codesOf(true)).toEqual(forced)
  })
})

describe('restartService and rebuildService are refused', () => {
  const cases: [service: string, restart: string[], rebuild: string[]][] = [
    ['db1', [], []],
    ['etcd1', ['LAST_QUORUM'], ['LAST_QUORUM']],
    ['haproxy', [], []],
    ['docker-proxy', [], []],
    ['redis', [], ['HOLDS_THE_OPERATIONS']],
    ['api', [], ['BUILT_ON_THE_HOST']],
    ['worker', ['RUNS_THE_OPERATION'], ['BUILT_ON_THE_HOST']],
  ]
  test.each(cases)('as they are for %s', async (service, restart, rebuild) => {
    const context = contextOf({ service })
    expect((await restartService.check(context)).map(({ code }) => code)).toEqual(restart)
    expect((await rebuildService.check(context)).map(({ code }) => code)).toEqual(rebuild)
  })
})

describe('a service is claimed', () => {
  const cases: [service: string, force: boolean, expected: string[]][] = [
    ['db1', false, ['service/db1', 'topology', 'leader']],
    ['db2', false, ['service/db2', 'topology']],
    ['etcd1', false, ['service/etcd1', 'topology']],
    ['haproxy', false, ['service/haproxy', 'topology']],
    ['barman', false, ['service/barman', 'backups/patroni', 'backup-run/patroni']],
    ['redis', false, ['service/redis']],
    ['db1', true, ['service/db1']],
  ]
  test.each(cases)('%s (force: %s) with %j', (service, force, expected) => {
    for (const kind of [stopService, restartService, rebuildService]) {
      const claims = kind.claims?.(contextOf({ service, force })) ?? []
      expect(claims.map(({ resource }) => resource)).toEqual(expected)
      expect(claims.every(({ mode }) => mode === ClaimMode.EXCLUSIVE)).toBe(true)
      expect(kind.fenced).toBe(false)
    }
  })
})

describe('a start claims', () => {
  const cases: [service: string, force: boolean, expected: string[]][] = [
    // So that several nodes are started side by side, and a cut-over, which keeps nodes down, excludes it.
    ['db1', false, ['service/db1 EXCLUSIVE', 'topology SHARED']],
    ['db2', false, ['service/db2 EXCLUSIVE', 'topology SHARED']],
    ['etcd1', false, ['service/etcd1 EXCLUSIVE', 'topology EXCLUSIVE']],
    ['db1', true, ['service/db1 EXCLUSIVE']],
  ]
  test.each(cases)('%s (force: %s) with %j', (service, force, expected) => {
    const claims = startService.claims?.(contextOf({ service, force })) ?? []
    expect(claims.map(({ resource, mode }) => `${resource} ${mode}`)).toEqual(expected)
  })
})

describe('the plan', () => {
  const kinds = [startService, stopService, restartService, rebuildService]
  test.each(kinds.map((kind) => [kind.name, kind] as const))('of %s names its steps', async (_, kind) => {
    const plan = await planOperation(kind, contextOf({ service: 'db2' }))
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
    const { checks, downtimeSeconds } = await planOperation(stopService, contextOf({ service }, cluster))
    expect(checks.map(({ message }) => message).join('\n')).toMatch(said)
    expect(downtimeSeconds).toBe(downtime)
  })

  test.each([startService, restartService])('of $name starts Patroni where there is one', async (kind) => {
    const namesOf = async (service: string) =>
      (await planOperation(kind, contextOf({ service }))).steps.map(({ name }) => name)
    expect(await namesOf('db2')).toContain('start-patroni')
    expect(await namesOf('haproxy')).not.toContain('start-patroni')
  })

  test('of restarting HAProxy has a downtime', async () => {
    expect((await planOperation(restartService, contextOf({ service: 'haproxy' }))).downtimeSeconds).toBeGreaterThan(0)
  })

  test('of starting a node says that it needs etcd', async () => {
    const plan = await planOperation(startService, contextOf({ service: 'db2' }, { etcd: [etcdOf('etcd1', away())] }))
    expect(plan.checks[0]?.message).toContain('etcd has no quorum')
  })
})

describe('checkConnectivity', () => {
  const contextFor = (
    input: Partial<CheckConnectivityInput>,
    cluster: Partial<ClusterSnapshot> = {},
  ): PlanContext<CheckConnectivityInput> => ({
    ...contextOf({ service: 'db1' }, cluster),
    input: Object.assign(new CheckConnectivityInput(), { from: 'db1', to: 'etcd1' }, input),
  })
  const cases: [Partial<CheckConnectivityInput>, Partial<ClusterSnapshot>, string[]][] = [
    [{}, {}, []],
    [{ to: 'db2' }, withServices({ db2: ServiceState.EXITED }), []],
    [{ from: 'db9' }, {}, ['UNKNOWN_SERVICE']],
    [{ to: 'db9' }, {}, ['UNKNOWN_SERVICE']],
    [{}, withServices({ db1: ServiceState.EXITED }), ['SERVICE_NOT_RUNNING']],
    [{}, withServices({ db1: ServiceState.PAUSED }), ['SERVICE_NOT_RUNNING']],
    [{ to: 'db4' }, {}, ['PORT_REQUIRED']],
    [{ to: 'db4', port: 22 }, {}, []],
  ]
  test.each(cases)('%j is refused with %#', async (input, cluster, expected) => {
    expect((await checkConnectivity.check(contextFor(input, cluster))).map(({ code }) => code)).toEqual(expected)
  })

  test.each([
    ['db2', 5432],
    ['etcd1', 2379],
    ['barman', 22],
    ['redis', 6379],
    ['api', 4000],
  ])('tries %s on port %i', async (to, port) => {
    expect((await planOperation(checkConnectivity, contextFor({ to }))).summary).toContain(`port ${port}`)
  })

  test.each([
    { from: 'db1', to: '-x' },
    { from: 'db1', to: 'a;b' },
    { from: 'db1', to: 'db2', port: 0 },
  ])('does not take %j', (fields) => {
    expect(() => parseOperationInput(checkConnectivity, fields)).toThrow(/not valid/)
  })
})
