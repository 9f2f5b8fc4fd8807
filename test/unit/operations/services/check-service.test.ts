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
