import { describe, expect, test } from 'vitest'
import { planFingerprint } from '../../../src/admission/plan-fingerprint.ts'
import { type Backup, BackupType, RetentionStatus } from '../../../src/domain/backup/backup.ts'
import type { ClusterSnapshot } from '../../../src/domain/cluster/cluster.ts'
import { NodeRole, NodeState } from '../../../src/domain/cluster/node.ts'
import { exceeds, NOTHING_TOUCHED, type PlanScope } from '../../../src/domain/operation/plan-scope.ts'
import { RecoveryMode, RecoveryStatus } from '../../../src/domain/recovery/recovery.ts'
import createBackup from '../../../src/operations/backups/create-backup/create-backup.kind.ts'
import { CreateBackupInput } from '../../../src/operations/backups/create-backup/create-backup-input.ts'
import applyRetentionPolicy, {
  ApplyRetentionPolicyInput,
} from '../../../src/operations/backups/delete-backup/apply-retention-policy.kind.ts'
import deleteBackup from '../../../src/operations/backups/delete-backup/delete-backup.kind.ts'
import { DeleteBackupInput } from '../../../src/operations/backups/delete-backup/delete-backup-input.ts'
import pauseCluster, {
  PauseClusterInput,
} from '../../../src/operations/configuration/pause-cluster/pause-cluster.kind.ts'
import updateConfiguration from '../../../src/operations/configuration/update-configuration/update-configuration.kind.ts'
import { UpdateConfigurationInput } from '../../../src/operations/configuration/update-configuration/update-configuration-input.ts'
import type { AnyOperation } from '../../../src/operations/define-operation.ts'
import failover from '../../../src/operations/leadership/failover/failover.kind.ts'
import { FailoverInput } from '../../../src/operations/leadership/failover/failover-input.ts'
import cancelScheduledSwitchover, {
  CancelScheduledSwitchoverInput,
} from '../../../src/operations/leadership/switchover/cancel-scheduled-switchover.kind.ts'
import switchover from '../../../src/operations/leadership/switchover/switchover.kind.ts'
import { SwitchoverInput } from '../../../src/operations/leadership/switchover/switchover-input.ts'
import { loadOperations } from '../../../src/operations/load-operations.ts'
import reinitializeNode from '../../../src/operations/nodes/reinitialize-node/reinitialize-node.kind.ts'
import { ReinitializeNodeInput } from '../../../src/operations/nodes/reinitialize-node/reinitialize-node-input.ts'
import restartCluster from '../../../src/operations/nodes/restart-cluster/restart-cluster.kind.ts'
import { RestartClusterInput } from '../../../src/operations/nodes/restart-cluster/restart-cluster-input.ts'
import restartNode from '../../../src/operations/nodes/restart-node/restart-node.kind.ts'
import { RestartNodeInput } from '../../../src/operations/nodes/restart-node/restart-node-input.ts'
import type { OperationInput } from '../../../src/operations/operation-input.ts'
import { planOperation } from '../../../src/operations/plan-operation.ts'
import cutOverRecovery, {
  CutOverRecoveryInput,
} from '../../../src/operations/recovery/cut-over/cut-over-recovery.kind.ts'
import undoRecovery, { UndoRecoveryInput } from '../../../src/operations/recovery/undo-recovery/undo-recovery.kind.ts'
import { ServiceInput } from '../../../src/operations/services/service-input.ts'
import restartService from '../../../src/operations/services/start-and-stop/restart-service.kind.ts'
import startService from '../../../src/operations/services/start-and-stop/start-service.kind.ts'
import stopService from '../../../src/operations/services/start-and-stop/stop-service.kind.ts'
import { backupOf, backupServerOf } from '../../support/builders/backups.ts'
import { etcdOf, LEADER, memberOf, nodeOf, patroniStatus, topologyOf } from '../../support/builders/cluster.ts'
import { layout } from '../../support/builders/layout.ts'
import { away, seen } from '../../support/builders/observed.ts'
import { planContext } from '../../support/builders/plan-context.ts'
import { recoveryRecord } from '../../support/builders/recovery-record.ts'

type World = Partial<ClusterSnapshot>

const recovery = recoveryRecord({
  id: 'r1',
  mode: RecoveryMode.IN_PLACE,
  status: RecoveryStatus.READY,
  node: 'db2',
  previous: { node: 'db1', directory: '/d', timeline: 1, endLsn: '0/9000000', bytes: 1 },
})

async function scopeOf(kind: AnyOperation, input: OperationInput, world: World = {}): Promise<PlanScope> {
  const context = planContext(input, {}, world, [], [recovery])
  const etcd = [...layout.etcd, { name: 'etcd2', clientUrl: '', service: 'etcd2' }]
  const { scope } = await planOperation(kind, { ...context, layout: { ...layout, etcd } })
  return scope
}

const input = <Input extends OperationInput>(of: Input, fields: Partial<Input>): Input => Object.assign(of, fields)
const pending = (...names: string[]): World => ({
  nodes: [LEADER, nodeOf('db2'), nodeOf('db3')].map((node) => ({
    ...node,
    patroni: seen({ ...(node.patroni.value ?? patroniStatus()), pendingRestart: names.includes(node.name) }),
  })),
})
const starting = (name: string) => nodeOf(name, { patroni: seen(patroniStatus({ state: NodeState.STARTING })) })
const ledBy = (leader: string): World => ({
  topology: seen(topologyOf({ leader, members: new Map(['db1', 'db2', 'db3'].map((name) => [name, memberOf(name)])) })),
})
const obsolete = { retentionStatus: RetentionStatus.OBSOLETE }
const backups = (...all: ReturnType<typeof backupOf>[]): World => ({
  backupServers: [backupServerOf({ backups: seen(all) })],
})
const full = backupOf(1, 2, { backupId: '20261122T100000' })
const child = backupOf(3, 4, { backupId: '20261122T110000', parentBackupId: full.backupId })

const ROLL = input(new RestartClusterInput(), { pendingOnly: true })
const STOP_DB2 = input(new ServiceInput(), { service: 'db2' })
const STOP_DB1 = input(new ServiceInput(), { service: 'db1' })

describe('the work is larger than its plan', () => {
  const cases: [string, AnyOperation, OperationInput, World, World, RegExp[]][] = [
    [
      'of a rolling restart, for which more nodes wait, the leader among them',
      restartCluster,
      ROLL,
      pending('db3'),
      pending('db1', 'db2', 'db3'),
      [/on db1, db2, db3 \(planned: db3\)/, /writes would fail/, /become the leader/],
    ],
    ['of a rolling restart that had nothing to do', restartCluster, ROLL, {}, pending('db2'), [/planned: none/]],
    [
      'of a restart of a node that has become the leader',
      restartNode,
      input(new RestartNodeInput(), { node: 'db2' }),
      {},
      ledBy('db2'),
      [/writes would fail/],
    ],
    [
      'of a switchover from a node that leads no more',
      switchover,
      input(new SwitchoverInput(), { candidate: 'db3' }),
      {},
      ledBy('db2'),
      [/on db2 \(planned: db1\)/],
    ],
    [
      'of a switchover to the node that was best, and is not now',
      switchover,
      new SwitchoverInput(),
      {},
      { nodes: [LEADER, starting('db2'), nodeOf('db3')] },
      [/candidate would be db3 \(planned: db2\)/],
    ],
    [
      'of a failover whose leader is healthy again',
      failover,
      input(new FailoverInput(), { candidate: 'db2', force: true }),
      { nodes: [nodeOf('db1', { patroni: away(), postgres: away() }), nodeOf('db2'), nodeOf('db3')] },
      {},
      [/on db1 \(planned: none\)/],
    ],
    [
      'of a reinitialize of a replica that has left the leader',
      reinitializeNode,
      input(new ReinitializeNodeInput(), { node: 'db2' }),
      {},
      { nodes: [LEADER, starting('db2'), nodeOf('db3')] },
      [/data would be lost/],
    ],
    [
      'of a reinitialize beside which no other replica is left',
      reinitializeNode,
      input(new ReinitializeNodeInput(), { node: 'db2' }),
      {},
      { nodes: [LEADER, nodeOf('db2'), starting('db3')] },
      [/no replica would be left/],
    ],
    [
      'of a stop of a replica that has become the last',
      stopService,
      STOP_DB2,
      {},
      { nodes: [LEADER, nodeOf('db2'), starting('db3')] },
      [/no replica would be left/],
    ],
    [
      'of a stop of a replica that has become the leader',
      stopService,
      STOP_DB2,
      {},
      ledBy('db2'),
      [/writes would fail for some seconds/, /become the leader/],
    ],
    [
      'of a stop of the leader, which no node can succeed now',
      stopService,
      STOP_DB1,
      {},
      { nodes: [LEADER, starting('db2'), starting('db3')] },
      [/until an operator acts/],
    ],
    [
      'of a restart of an etcd member that has become the last of the quorum',
      restartService,
      input(new ServiceInput(), { service: 'etcd1' }),
      { etcd: ['etcd1', 'etcd2', 'etcd3'].map((name) => etcdOf(name)) },
      {},
      [/writes would fail/, /etcd would lose its quorum/],
    ],
    [
      'of a deletion on which more builds by now',
      deleteBackup,
      input(new DeleteBackupInput(), { backupId: full.backupId, withChildren: true }),
      backups(full, backupOf(5, 6)),
      backups(full, child, backupOf(5, 6)),
      [/backups 20261122T100000, 20261122T110000 \(planned: 20261122T100000\)/],
    ],
    [
      'of a retention policy by which more is obsolete',
      applyRetentionPolicy,
      new ApplyRetentionPolicyInput(),
      backups({ ...full, ...obsolete }, backupOf(5, 6)),
      backups({ ...full, ...obsolete }, { ...child, ...obsolete }, backupOf(5, 6)),
      [/backups 20261122T100000, 20261122T110000/],
    ],
  ]
  test.each(cases)('%s', async (_, kind, request, before, after, expected) => {
    const planned = await scopeOf(kind, request, before)
    const beyond = exceeds(planned, await scopeOf(kind, request, after))
    expect(exceeds(planned, planned)).toEqual([])
    expect(beyond).toHaveLength(expected.length)
    for (const [index, pattern] of expected.entries()) expect(beyond[index]).toMatch(pattern)
  })
})

describe('the work is within its plan', () => {
  const cases: [string, AnyOperation, OperationInput, World, World][] = [
    ['when fewer nodes wait for their restart', restartCluster, ROLL, pending('db1', 'db2'), pending('db2')],
    [
      'when the candidate leads already',
      switchover,
      input(new SwitchoverInput(), { candidate: 'db2' }),
      {},
      ledBy('db2'),
    ],
    ['when the container is stopped already', stopService, STOP_DB1, {}, { services: [] }],
    [
      'of a cut-over, however the nodes are: it stops them itself',
      cutOverRecovery,
      input(new CutOverRecoveryInput(), { recovery: 'r1' }),
      {},
      { nodes: [nodeOf('db1', { patroni: away() }), nodeOf('db2', { patroni: away() })] },
    ],
    ['of a start, which takes nothing down', startService, STOP_DB1, {}, { nodes: [starting('db1')] }],
  ]
  test.each(cases)('%s', async (_, kind, request, before, after) => {
    expect(exceeds(await scopeOf(kind, request, before), await scopeOf(kind, request, after))).toEqual([])
  })

  test('of a cut-over and its undo, to the node that holds the data', async () => {
    const cutOver = await scopeOf(cutOverRecovery, input(new CutOverRecoveryInput(), { recovery: 'r1' }))
    const undo = await scopeOf(undoRecovery, input(new UndoRecoveryInput(), { recovery: 'r1' }))
    expect([cutOver.target, undo.target]).toEqual([{ node: 'db2' }, { node: 'db1' }])
    expect(cutOver.nodes).toEqual(['db1', 'db2'])
  })
})

describe('every kind', () => {
  /** They go by what they find in the very step that acts on it. */
  const COMPARES_BY_ITSELF = [
    // Its key in etcd, in the write that removes it.
    'releaseLeaderLock',
    // Where the data lies and who leads: that, and no plan, says to which of its two ends a cut-over is brought.
    'settleRecovery',
  ]

  test('that does what cannot be undone says what its plan rests on', async () => {
    for (const kind of (await loadOperations()).values()) {
      const forGood = kind.steps.some(({ pointOfNoReturn, irreversible }) => pointOfNoReturn || irreversible)
      if (forGood && !COMPARES_BY_ITSELF.includes(kind.name)) {
        expect([kind.name, kind.planRestsOn]).toEqual([kind.name, expect.any(Array)])
      }
    }
  })

  test('that can be undone touches nothing', async () => {
    expect(await scopeOf(startService, STOP_DB1)).toEqual(NOTHING_TOUCHED)
  })
})

/** What a person who approved one plan has not approved of another, though steps, checks and scope are the same. */
describe('the identity of a plan', () => {
  const printOf = async (
    kind: AnyOperation,
    input: OperationInput,
    fields: object,
    cluster: Partial<ClusterSnapshot> = {},
  ) => planFingerprint('asked', await planOperation(kind, planContext(input, fields, cluster)))
  const dead = (lsn: bigint) =>
    nodeOf('db1', {
      patroni: away('timeout', patroniStatus({ role: NodeRole.LEADER, lsn })),
      postgres: away('timeout'),
    })
  const received = (name: string, receivedLsn: bigint) =>
    nodeOf(name, { patroni: seen(patroniStatus({ receivedLsn, replayedLsn: receivedLsn })) })
  const lost = (leader: bigint, db2: bigint, db3: bigint) => ({
    topology: seen(topologyOf({ members: new Map() })),
    nodes: [dead(leader), received('db2', db2), received('db3', db3)],
  })
  const scheduled = (to: string, at: string) => ({
    topology: seen(topologyOf({ scheduledSwitchover: { from: 'db1', to, at: new Date(at) } })),
  })
  const memory = (work_mem: string) => ({
    topology: seen(topologyOf({ configuration: { postgresql: { parameters: { work_mem } } } })),
  })
  const patch = { patch: { postgresql: { parameters: { work_mem: '64MB' } } } }
  const incremental = (...backups: Backup[]) => ({ backupServers: [backupServerOf({ backups: seen(backups) })] })
  const NIGHT = '2026-11-23T02:00:00Z'
  const nothing = new CancelScheduledSwitchoverInput()

  test.each<[string, AnyOperation, OperationInput, object, Partial<ClusterSnapshot>, Partial<ClusterSnapshot>]>([
    [
      'the node that a failover finds best',
      failover,
      new FailoverInput(),
      {},
      lost(1000n, 900n, 800n),
      lost(1000n, 800n, 900n),
    ],
    [
      'how much a failover loses',
      failover,
      new FailoverInput(),
      { candidate: 'db2' },
      lost(1000n, 1000n, 1n),
      lost(5_000_000n, 1000n, 1n),
    ],
    [
      'which switchover is cancelled',
      cancelScheduledSwitchover,
      nothing,
      {},
      scheduled('db2', NIGHT),
      scheduled('db3', NIGHT),
    ],
    [
      'and for when',
      cancelScheduledSwitchover,
      nothing,
      {},
      scheduled('db2', NIGHT),
      scheduled('db2', '2026-11-24T02:00:00Z'),
    ],
    ['that there is nothing to do', cancelScheduledSwitchover, nothing, {}, scheduled('db2', NIGHT), {}],
    [
      'whether it is paused already',
      pauseCluster,
      new PauseClusterInput(),
      {},
      {},
      { topology: seen(topologyOf({ paused: true })) },
    ],
    [
      'from what a value is changed',
      updateConfiguration,
      new UpdateConfigurationInput(),
      patch,
      memory('4MB'),
      memory('256MB'),
    ],
    [
      'on which parent a backup builds',
      createBackup,
      new CreateBackupInput(),
      { type: BackupType.INCREMENTAL },
      incremental(backupOf(1, 2)),
      incremental(backupOf(1, 2), backupOf(3, 4)),
    ],
  ])('is of %s', async (_, kind, input, fields, one, other) => {
    expect(await printOf(kind, input, fields, one)).toBe(await printOf(kind, input, fields, one))
    expect(await printOf(kind, input, fields, one)).not.toBe(await printOf(kind, input, fields, other))
  })

  test('is not of what replicas lag from one moment to the next', async () => {
    const lagging = (db2: bigint, db3: bigint) => ({ nodes: [LEADER, received('db2', db2), received('db3', db3)] })
    const print = (cluster: Partial<ClusterSnapshot>) => printOf(switchover, new SwitchoverInput(), {}, cluster)
    expect(await print(lagging(900n, 1000n))).toBe(await print(lagging(1000n, 900n)))
  })
})
