import { describe, expect, test } from 'vitest'
import { formatLsn } from '../../../../../src/domain/wal/lsn.ts'
import type { AnyOperation } from '../../../../../src/operations/define-operation.ts'
import { planOperation } from '../../../../../src/operations/plan-operation.ts'
import recoverCluster from '../../../../../src/operations/recovery/recover-cluster/recover-cluster.kind.ts'
import { RecoverClusterInput } from '../../../../../src/operations/recovery/recover-cluster/recover-cluster-input.ts'
import { CutOver } from '../../../../../src/operations/recovery/recovery-inputs.ts'
import { lsnOf } from '../../../../support/builders/backups.ts'
import { LEADER, nodeOf, patroniStatus } from '../../../../support/builders/cluster.ts'
import { away, seen } from '../../../../support/builders/observed.ts'
import { operationRecord } from '../../../../support/builders/operations.ts'
import {
  LAST,
  RECOVERY_STEPS,
  recoveryOf,
  sumOf,
  TARGET,
  titlesOf,
} from '../../../../support/builders/recovery-request.ts'
import { fakeStepContext } from '../../../../support/fakes/fake-step-context.ts'

const CUT_OVER_STEPS = [
  'promote-copy',
  'drain-archive',
  'stop-cluster',
  'swap-data',
  'start-target',
  'rejoin-replicas',
  'settle-recovery',
  'resume-archive',
]

describe('the plan of recoverCluster', () => {
  const planOf = (...of: Parameters<typeof recoveryOf>) => planOperation(recoverCluster, recoveryOf(...of))

  test.each([CutOver.MANUAL, null, undefined])('costs neither downtime nor data with cutOver: %s', async (cutOver) => {
    const plan = await planOf(cutOver === undefined ? {} : { cutOver })
    expect(plan).toMatchObject({ downtimeSeconds: 0, dataLoss: null })
    expect(plan.summary).toMatch(/, on db1, beside the running cluster$/)
    expect(plan.steps.map(({ name }) => name)).toEqual(RECOVERY_STEPS)
  })

  test('goes on with the cut-over, and costs what that costs, with cutOver: AUTOMATIC', async () => {
    const manual = await planOf({ node: 'db2' })
    const plan = await planOf({ node: 'db2', cutOver: CutOver.AUTOMATIC })
    expect(plan.summary).toBe(`${manual.summary}, and puts it in the cluster's place as soon as it is verified`)
    expect(plan.summary).toContain(', on db2, beside')
    expect(plan.steps.map(({ name }) => name)).toEqual([...RECOVERY_STEPS, ...CUT_OVER_STEPS])
    expect(titlesOf(plan.steps)).toEqual(titlesOf(recoverCluster.steps))
    expect(plan.estimatedSeconds).toBeCloseTo(sumOf(plan.steps), 0)
    expect((plan.estimatedSeconds ?? 0) - (manual.estimatedSeconds ?? 0)).toBeCloseTo(sumOf(plan.steps.slice(5)))
    expect(plan.downtimeSeconds).toBe(9)
  })

  test('goes by the downtime of earlier ones, of those that had one', async () => {
    const earlier = [{ downtimeSeconds: 4.2 }, {}].map((state) => operationRecord({ state }))
    expect((await planOf({ cutOver: CutOver.AUTOMATIC }, { earlier })).downtimeSeconds).toBe(4.2)
    expect((await planOf({ cutOver: CutOver.MANUAL }, { earlier })).downtimeSeconds).toBe(0)
  })

  const leader = nodeOf('db1', { ...LEADER, patroni: seen(patroniStatus({ lsn: lsnOf(LAST) })), postgres: away() })
  const losses: [RecoverClusterInput['target'], string][] = [
    [TARGET, '2026-11-22T11:40:00.000Z is given up: 20 minutes'],
    [{ lsn: lsnOf(LAST - 4) }, `LSN ${formatLsn(lsnOf(LAST - 4))} is given up: 64 MiB of WAL`],
    [{ xid: '742' }, 'transaction 742 is given up'],
    [{ name: 'before' }, 'restore point "before" is given up'],
    [{ immediate: true }, 'the end of the base backup is given up'],
    [null, 'the end of the archive is given up'],
  ]
  test.each(losses)('says what an automatic cut-over gives up: %o', async (target, what) => {
    const { dataLoss } = await planOf(
      { target: target ?? null, cutOver: CutOver.AUTOMATIC },
      { changes: { nodes: [leader, nodeOf('db2'), nodeOf('db3')] } },
    )
    expect(dataLoss).toBe(
      `What was committed after ${what}. It stays recoverable: in the archive, and in the data directory that is kept.`,
    )
  })

  test.each([CutOver.MANUAL, CutOver.AUTOMATIC])('names the steps that run with cutOver: %s', async (cutOver) => {
    const input = Object.assign(new RecoverClusterInput(), { target: TARGET, cutOver })
    const context = fakeStepContext({ input, clients: {} })
    const applied = recoverCluster.steps.filter(({ applies }) => applies?.(context) ?? true)
    expect(titlesOf((await planOf({ cutOver })).steps)).toEqual(titlesOf(applied))
  })
})

describe('a recovery in place claims', () => {
  const claimed = (claims: ReturnType<NonNullable<AnyOperation['claims']>> | undefined) =>
    claims?.map(({ resource, mode }) => `${resource}: ${mode}`).sort()

  test.each([CutOver.MANUAL, null])('that nodes stay what they are too, with cutOver: %s', (cutOver) => {
    const claims = ['backups/other: SHARED', 'recovery: EXCLUSIVE', 'topology: SHARED']
    expect(claimed(recoverCluster.claims?.(recoveryOf({ cutOver, server: 'other' })))).toEqual(claims)
  })

  test('the cluster for itself with cutOver: AUTOMATIC', () => {
    const claims = ['backups/patroni', 'leader', 'recovery', 'topology'].map((resource) => `${resource}: EXCLUSIVE`)
    expect(claimed(recoverCluster.claims?.(recoveryOf({ cutOver: CutOver.AUTOMATIC })))).toEqual(claims)
  })
})

describe('once recoverCluster has succeeded', () => {
  const ended = (cutOver: CutOver, state: Readonly<Record<string, unknown>> = {}) =>
    fakeStepContext({
      input: Object.assign(new RecoverClusterInput(), { cutOver }),
      clients: {},
      operation: { id: 'r1' },
      state,
    })

  test('the recovery is its result, and nothing follows while it waits for its cut-over', () => {
    expect(recoverCluster.result?.(ended(CutOver.MANUAL))).toEqual({ type: 'Recovery', scope: 'patroni', name: 'r1' })
    expect(recoverCluster.followUps?.(ended(CutOver.MANUAL))).toEqual([])
  })

  test('a base backup of the new timeline follows the cut-over', () => {
    const directories = { live: '/data/p', copy: '/data/p.recovery-r1', previous: '/data/p.previous-r1' }
    const cutOver = { operation: 'r1', recovery: 'r1', server: 'patroni', node: 'db2', ...directories }
    expect(recoverCluster.followUps?.(ended(CutOver.AUTOMATIC, { cutOver }))).toEqual([
      { kind: 'createBackup', input: { type: 'FULL', server: 'patroni' } },
    ])
  })
})
