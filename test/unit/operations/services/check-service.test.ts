import { describe, expect, test } from 'vitest'
import { BackupStatus } from '../../../../src/domain/backup/backup.ts'
import type { ClusterSnapshot } from '../../../../src/domain/cluster/cluster.ts'
import { NodeState, ServiceState } from '../../../../src/domain/cluster/node.ts'
import rebuildService from '../../../../src/operations/services/rebuild-service/rebuild-service.kind.ts'
import restartService from '../../../../src/operations/services/start-and-stop/restart-service.kind.ts'
import stopService from '../../../../src/operations/services/start-and-stop/stop-service.kind.ts'
import { backupOf, backupServerOf } from '../../../support/builders/backups.ts'
import { etcdOf, LEADER, nodeOf, patroniStatus, topologyOf } from '../../../support/builders/cluster.ts'
import { away, seen } from '../../../support/builders/observed.ts'
import { serviceContext, withServices } from '../../../support/builders/service-context.ts'

const alone: Partial<ClusterSnapshot> = {
  ...withServices({ db2: ServiceState.EXITED, db3: ServiceState.EXITED }),
}
const lagging = nodeOf('db2', { patroni: seen(patroniStatus({ state: NodeState.STARTING })) })

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
      const refusals = await stopService.check(serviceContext({ service, force }, cluster))
      for (const refusal of refusals) expect(refusal).toMatchObject({ remedy: expect.any(String), field: 'service' })
      return refusals.map(({ code }) => code)
    }
    expect(await codesOf(false)).toEqual(codes)
    expect(await codesOf(true)).toEqual(forced)
  })
})

describe('the remedy of a refusal is what this cluster needs', () => {
  const three = ['etcd1', 'etcd2', 'etcd3']
  const oneAway = { etcd: three.map((name) => (name === 'etcd3' ? etcdOf(name, away()) : etcdOf(name))) }
  const cases: [what: string, service: string, cluster: Partial<ClusterSnapshot>, remedy: RegExp][] = [
    ['the last node: another is started', 'db1', alone, /^First startService\(input: \{service: "db2"\}\); force/],
    [
      'the last quorum: the member that is away is started',
      'etcd2',
      oneAway,
      /^First startService\(.*"etcd3"\}\); force/,
    ],
    ['the last quorum of all members: none is left to start', 'etcd2', {}, /^No other member could be started; force/],
    [
      'a paused cluster is resumed',
      'db1',
      { topology: seen(topologyOf({ paused: true })) },
      /^Resume .*resumeCluster\(/,
    ],
    [
      'a replica that cannot lead is fixed',
      'db1',
      { nodes: [LEADER, lagging, lagging] },
      /^Fix one of these first; force/,
    ],
  ]
  test.each(cases)('%s', async (_, service, cluster, remedy) => {
    const context = serviceContext({ service }, cluster)
    const members = three.map((name) => ({ name, service: name, clientUrl: `https://${name}:2379` }))
    const etcd = cluster.etcd === undefined ? context.layout.etcd : members
    const [refusal] = await stopService.check({ ...context, layout: { ...context.layout, etcd } })
    expect(refusal?.remedy).toMatch(remedy)
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
    const context = serviceContext({ service })
    expect((await restartService.check(context)).map(({ code }) => code)).toEqual(restart)
    expect((await rebuildService.check(context)).map(({ code }) => code)).toEqual(rebuild)
  })
})
