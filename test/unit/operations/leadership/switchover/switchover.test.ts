import { describe, expect, test } from 'vitest'
import { BackupStatus } from '../../../../../src/domain/backup/backup.ts'
import { CheckStatus } from '../../../../../src/domain/check.ts'
import type { ClusterSnapshot } from '../../../../../src/domain/cluster/cluster.ts'
import { NodeRole, NodeState, ServiceState } from '../../../../../src/domain/cluster/node.ts'
import { ClaimMode } from '../../../../../src/domain/operation/claim.ts'
import type { PlanContext } from '../../../../../src/operations/context.ts'
import cancelScheduledSwitchover from '../../../../../src/operations/leadership/switchover/cancel-scheduled-switchover.kind.ts'
import switchover from '../../../../../src/operations/leadership/switchover/switchover.kind.ts'
import { SwitchoverInput } from '../../../../../src/operations/leadership/switchover/switchover-input.ts'
import { parseOperationInput } from '../../../../../src/operations/parse-operation-input.ts'
import { planOperation } from '../../../../../src/operations/plan-operation.ts'
import { backupOf, backupServerOf } from '../../../../support/builders/backups.ts'
import {
  LEADER,
  nodeOf,
  patroniStatus,
  serviceOf,
  servicesSeen,
  topologyOf,
} from '../../../../support/builders/cluster.ts'
import { away, seen } from '../../../../support/builders/observed.ts'
import { operationRecord } from '../../../../support/builders/operations.ts'
import { planContext } from '../../../../support/builders/plan-context.ts'

const LATER = '2026-11-22T13:00:00.000Z'
const AT = { from: 'db1', to: 'db2', at: new Date(LATER) }

function contextOf(
  input: Partial<SwitchoverInput> = {},
  cluster: Partial<ClusterSnapshot> = {},
): PlanContext<SwitchoverInput> {
  return planContext(new SwitchoverInput(), input, cluster)
}

const withTopology = (changes: Parameters<typeof topologyOf>[0]) => ({ topology: seen(topologyOf(changes)) })
const noReplicaStreams = {
  nodes: [LEADER, nodeOf('db2', { patroni: seen(patroniStatus({ state: NodeState.STARTING })) })],
}
const runningBackup = {
  backupServers: [backupServerOf({ backups: seen([backupOf(1, 2, { status: BackupStatus.STARTED })]) })],
}
const leaderAway = { services: servicesSeen([serviceOf('db1', { state: ServiceState.EXITED })]) }

describe('switchover is refused', () => {
  const cases: [string, Partial<SwitchoverInput>, Partial<ClusterSnapshot>, string[]][] = [
    ['never, when all is well', {}, {}, []],
    ['never to a replica that streams', { candidate: 'db3' }, {}, []],
    ['never to the leader: it is already so', { candidate: 'db1' }, noReplicaStreams, []],
    ['while nothing is known', {}, { topology: away('no quorum') }, ['TOPOLOGY_UNKNOWN']],
    ['to an unknown node', { candidate: 'db9' }, {}, ['UNKNOWN_NODE']],
    ['to a node that cannot lead', { candidate: 'db2' }, noReplicaStreams, ['CANDIDATE_NOT_ELIGIBLE']],
    ['when no node can lead', {}, noReplicaStreams, ['NO_ELIGIBLE_NODE']],
    ['without a leader', {}, withTopology({ leader: null }), ['NO_LEADER']],
    ['from a leader that is away', {}, leaderAway, ['LEADER_UNREACHABLE']],
    ['while a backup is made', {}, runningBackup, ['BACKUP_RUNNING']],
    ['not while a backup is made, with force', { force: true }, runningBackup, []],
    ['not for a backup, when it is for later', { at: LATER }, runningBackup, []],
    ['for a time that is past', { at: '2026-11-22 12:59:59.999999+01' }, {}, ['BAD_TIME']],
    ['for a time years away', { at: '2036-11-22T11:59:59Z' }, {}, ['BAD_TIME']],
    ['for a time while paused', { at: LATER }, withTopology({ paused: true }), ['CLUSTER_PAUSED']],
    ['not at once while paused', {}, withTopology({ paused: true }), []],
    ['while another is scheduled', {}, withTopology({ scheduledSwitchover: AT }), ['SWITCHOVER_SCHEDULED']],
    ['not when just this one is', { candidate: 'db2', at: LATER }, withTopology({ scheduledSwitchover: AT }), []],
    ['for later to the leader', { candidate: 'db1', at: LATER }, {}, ['CANDIDATE_NOT_ELIGIBLE']],
  ]
  test.each(cases)('%s', async (_, input, cluster, expected) => {
    const refusals = await switchover.check(contextOf(input, cluster))
    expect(refusals.map(({ code }) => code)).toEqual(expected)
  })

  test('with the reasons of every node', async () => {
    const [refusal] = await switchover.check(contextOf({}, noReplicaStreams))
    expect(refusal?.message).toBe('no node can take over. db2 is not streaming: it is starting.')
  })
})

describe('the plan of switchover', () => {
  test('names the best node: least lag to a MiB, then the first by name', async () => {
    const chosen = async (db2: bigint, db3: bigint) => {
      const at = (name: string, lsn: bigint) =>
        nodeOf(name, { patroni: seen(patroniStatus({ receivedLsn: lsn, replayedLsn: lsn })) })
      const leads = { role: NodeRole.LEADER, state: NodeState.RUNNING, lsn: 9_000_000n }
      const leader = nodeOf('db1', { patroni: seen(patroniStatus({ ...leads, receivedLsn: null, replayedLsn: null })) })
      const topology = withTopology({ configuration: { maximum_lag_on_failover: 9_000_000 } })
      const nodes = [leader, at('db2', db2), at('db3', db3)]
      return (await planOperation(switchover, contextOf({}, { ...topology, nodes }))).summary
    }
    expect(await chosen(9_000_000n, 9_000_000n)).toBe('Switches over from db1 to db2')
    expect(await chosen(8_500_000n, 9_000_000n)).toBe('Switches over from db1 to db2')
    expect(await chosen(6_000_000n, 9_000_000n)).toBe('Switches over from db1 to db3')
  })

  test('names its steps, loses nothing, and tells of every node', async () => {
    const plan = await planOperation(switchover, contextOf({ candidate: 'db2' }, noReplicaStreams))
    expect(plan.steps.map(({ name }) => name)).toEqual(switchover.steps.map(({ name }) => name))
    expect(plan.dataLoss).toBeNull()
    expect(plan.checks).toMatchObject([{ name: 'db2', status: CheckStatus.FAILED }])
  })

  test('estimates the downtime from what earlier ones measured', async () => {
    const earlier = [1.2, 1.6, 9].map((downtimeSeconds) => operationRecord({ state: { downtimeSeconds } }))
    expect((await planOperation(switchover, { ...contextOf(), earlier })).downtimeSeconds).toBe(1.6)
    expect((await planOperation(switchover, contextOf())).downtimeSeconds).toBeGreaterThan(0)
  })

  test('is nothing where it is already so', async () => {
    const plan = await planOperation(switchover, contextOf({ candidate: 'db1' }))
    expect(plan).toMatchObject({ downtimeSeconds: 0, estimatedSeconds: 0 })
  })

  test('of a later one leaves the choice to Patroni', async () => {
    expect((await planOperation(switchover, contextOf({ at: LATER }))).summary).toContain(
      'the replica that Patroni then finds',
    )
  })
})

describe('the claims of switchover', () => {
  const claimed = (input: Partial<SwitchoverInput>) =>
    switchover.claims?.(contextOf(input)).map(({ resource, mode }) => `${mode} ${resource}`)
  test.each([
    ['at once', {}, [`${ClaimMode.EXCLUSIVE} topology`, `${ClaimMode.EXCLUSIVE} leader`]],
    ['with force', { force: true }, [`${ClaimMode.EXCLUSIVE} topology`]],
    ['for later', { at: LATER }, [`${ClaimMode.EXCLUSIVE} topology`]],
  ])('%s', (_, input, expected) => expect(claimed(input)).toEqual(expected))
})

describe('the input of switchover', () => {
  test.each([{ at: 'tomorrow' }, { at: '2026-11-22 13:00:00' }, { at: 7 }, { candidate: '' }, { force: 'yes' }])(
    'is refused: %j',
    (fields) => {
      expect(() => parseOperationInput(switchover, fields)).toThrow(/not valid/)
    },
  )
  test('says what is wrong with its time, and how to write it', () => {
    expect(() => parseOperationInput(switchover, { at: '2026-11-22 13:00:00' })).toThrow(
      'at: "2026-11-22 13:00:00" has no time zone. Write "2026-11-22 13:00:00+00" if it is UTC',
    )
  })
  test('is taken back from its record as it was', () => {
    const fields = { candidate: 'db2', at: LATER, force: false }
    expect(parseOperationInput(switchover, fields)).toMatchObject(fields)
  })
})

describe('cancelScheduledSwitchover', () => {
  const contextFor = (cluster: Partial<ClusterSnapshot>) => ({ ...contextOf({}, cluster), input: {} })
  test('is refused only while nothing is known', async () => {
    expect(await cancelScheduledSwitchover.check(contextFor({}))).toEqual([])
    const [refusal] = await cancelScheduledSwitchover.check(contextFor({ topology: away('no quorum') }))
    expect(refusal?.code).toBe('TOPOLOGY_UNKNOWN')
  })
  test('plans what it cancels, or that there is nothing', async () => {
    const plan = async (cluster: Partial<ClusterSnapshot>) =>
      (await planOperation(cancelScheduledSwitchover, contextFor(cluster))).summary
    expect(await plan({})).toContain('nothing has to be done')
    expect(await plan(withTopology({ scheduledSwitchover: AT }))).toContain(`from db1 to db2 at ${LATER}`)
  })
})
