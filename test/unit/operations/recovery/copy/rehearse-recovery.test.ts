import { describe, expect, test } from 'vitest'
import { StepStatus } from '../../../../../src/domain/operation/operation.ts'
import type { AnyOperation } from '../../../../../src/operations/define-operation.ts'
import { planOperation } from '../../../../../src/operations/plan-operation.ts'
import rehearseRecovery from '../../../../../src/operations/recovery/copy/rehearse-recovery.kind.ts'
import { minute } from '../../../../support/builders/backups.ts'
import { operationRecord } from '../../../../support/builders/operations.ts'
import {
  FULL,
  NEWER,
  RECOVERY_STEPS,
  rehearsalOf,
  sumOf,
  titlesOf,
  withOne,
} from '../../../../support/builders/recovery-request.ts'

describe('the plan of rehearseRecovery', () => {
  test('says what is recovered from where to where, and costs neither downtime nor data', async () => {
    const plan = await planOperation(rehearseRecovery, rehearsalOf())
    expect(plan).toMatchObject({ downtimeSeconds: 0, dataLoss: null })
    expect(plan.summary).toBe(
      `Recovers patroni to 2026-11-22T11:40:00.000Z from backup ${NEWER} on timeline 1, on the Barman host, beside the running cluster`,
    )
    expect(titlesOf(plan.steps)).toEqual(titlesOf(rehearseRecovery.steps).slice(0, RECOVERY_STEPS.length))
    expect(plan.steps.map(({ name }) => name)).toEqual(RECOVERY_STEPS)
  })

  test('opens no drill, and removes it', async () => {
    const { steps } = await planOperation(rehearseRecovery, rehearsalOf({ discard: true }))
    const before = RECOVERY_STEPS.filter((name) => name !== 'publish-copy')
    expect(steps.map(({ name }) => name)).toEqual([...before, 'discard-copy'])
  })

  test('estimates each step, and all of them, by how much is copied, replayed and read', async () => {
    const near = await planOperation(rehearseRecovery, rehearsalOf())
    const far = await planOperation(rehearseRecovery, rehearsalOf({ backup: FULL }))
    const large = await planOperation(
      rehearseRecovery,
      rehearsalOf({ backup: FULL }, withOne({ clusterSizeBytes: 7.7e9 })),
    )
    for (const { steps, estimatedSeconds } of [near, far, large]) expect(estimatedSeconds).toBeCloseTo(sumOf(steps), 0)
    const secondsOf = ({ steps }: typeof near, name: string) =>
      steps.find((step) => step.name === name)?.estimatedSeconds
    expect(secondsOf(near, 'restore-backup')).toBe(5.9)
    expect(secondsOf(far, 'restore-backup')).toBe(5.9)
    expect(secondsOf(far, 'replay-wal')).toBeGreaterThan(secondsOf(near, 'replay-wal') ?? Number.NaN)
    expect(secondsOf(large, 'restore-backup')).toBe(59.2)
    expect(secondsOf(large, 'verify-copy')).toBe(53.3)
  })

  test('counts what is not known by what earlier ones took, and says of the whole that it is not known', async () => {
    const [first] = operationRecord({ stepNames: ['restore-backup'] }).steps
    const earlier = operationRecord({
      steps:
        first === undefined
          ? []
          : [
              {
                ...first,
                status: StepStatus.SUCCEEDED,
                startedAt: minute(0).toString(),
                finishedAt: minute(2).toString(),
              },
            ],
    })
    const plan = await planOperation(
      rehearseRecovery,
      rehearsalOf({ backup: FULL }, { ...withOne({ clusterSizeBytes: null }), earlier: [earlier] }),
    )
    expect(plan.steps[1]).toMatchObject({ name: 'restore-backup', estimatedSeconds: 120 })
    expect(plan.steps[3]).toMatchObject({ name: 'verify-copy', estimatedSeconds: null })
    expect(plan.estimatedSeconds).toBeNull()
    expect(plan.checks).toMatchObject([{ name: 'disk needed', status: 'UNKNOWN' }])
  })

  test('says how much disk it needs, and what a person should know of the target', async () => {
    expect((await planOperation(rehearseRecovery, rehearsalOf())).checks).toEqual([
      { name: 'disk needed', status: 'OK', message: 'about 993049376 bytes', hint: null },
    ])
    expect((await planOperation(rehearseRecovery, rehearsalOf({ target: { xid: '742' } }))).checks[1]).toMatchObject({
      name: 'target',
      status: 'WARNING',
      message: expect.stringContaining('Only replay can tell where transaction 742 is'),
    })
  })
})

describe('a rehearsal claims', () => {
  const claimed = (claims: ReturnType<NonNullable<AnyOperation['claims']>> | undefined) =>
    claims?.map(({ resource, mode }) => `${resource}: ${mode}`).sort()

  test('the backups of its server, and the place of a recovery, for a rehearsal', () => {
    const claims = ['backups/patroni: SHARED', 'recovery: EXCLUSIVE']
    expect(claimed(rehearseRecovery.claims?.(rehearsalOf()))).toEqual(claims)
  })
})
