import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { planFingerprint } from '../../../src/admission/plan-fingerprint.ts'
import { planChanged } from '../../../src/admission/submit-refusals.ts'
import { CheckStatus } from '../../../src/domain/check.ts'
import type { OperationPlan } from '../../../src/domain/operation/operation.ts'
import { PlannedDowntime, planScope } from '../../../src/domain/operation/plan-scope.ts'
import type { OperationInput } from '../../../src/operations/operation-input.ts'
import type { PlannedOperation } from '../../../src/operations/plan-operation.ts'
import { operationRecord } from '../../support/builders/operations.ts'

const check = { name: 'disk', status: CheckStatus.OK, message: '40 GiB free', hint: null }
const PLAN: OperationPlan = {
  ...operationRecord().plan,
  steps: [{ name: 'take-backup', title: 'Take the base backup', estimatedSeconds: 12 }],
  checks: [check],
  scope: planScope({ nodes: ['db1'] }),
}
const print = (changes: Partial<PlannedOperation> = {}, request = 'asked') =>
  planFingerprint(request, { ...PLAN, identity: {}, ...changes })

describe('the fingerprint of a plan', () => {
  test('is that of what would be done, and not of times or words', () => {
    fc.assert(
      fc.property(fc.option(fc.double({ min: 0, noNaN: true })), fc.string(), (seconds, words) => {
        const again = print({
          summary: words,
          estimatedSeconds: seconds,
          downtimeSeconds: seconds,
          steps: PLAN.steps.map((step) => ({ ...step, title: words, estimatedSeconds: seconds })),
          checks: [{ ...check, message: words }],
          basis: { seen: words },
        })
        expect(again).toBe(print())
      }),
    )
  })

  test('is another one for whatever else is done', () => {
    const prints = [
      print(),
      print({}, 'asked otherwise'),
      print({ steps: [] }),
      print({ steps: [...PLAN.steps, { name: 'wait-for-wal', title: '', estimatedSeconds: null }] }),
      print({ checks: [{ ...check, status: CheckStatus.WARNING }] }),
      print({ checks: [] }),
      print({ scope: planScope({ nodes: ['db2'] }) }),
      print({ scope: planScope({ nodes: ['db1'], downtime: PlannedDowntime.BRIEF }) }),
      print({ scope: planScope({ nodes: ['db1'], target: { candidate: 'db2' } }) }),
      print({ dataLoss: 'What was written after the target is lost.' }),
      print({ destructive: true }),
      print({ identity: { candidate: 'db2' } }),
      print({ identity: { candidate: 'db3' } }),
      print({ identity: { isNeedless: true } }),
    ]
    expect(new Set(prints).size).toBe(prints.length)
  })
})

describe('a request that names a plan', () => {
  const plan = { ...PLAN, summary: 'Switch over to db3.', fingerprint: print() }
  test.each([undefined, null, plan.fingerprint])('goes on where it is that plan, or none is named: %s', (ifPlan) => {
    expect(planChanged({ ifPlan } as OperationInput, plan)).toEqual([])
  })

  test('is refused where it is another one by now, with what would be done and how to ask for that', () => {
    const [refusal] = planChanged({ ifPlan: 'read-before' } as OperationInput, plan)
    expect(refusal).toMatchObject({ code: 'PLAN_CHANGED', field: 'ifPlan', retryable: false })
    expect(refusal?.message).toContain('Switch over to db3.')
    expect(refusal?.remedy).toContain(`ifPlan: "${plan.fingerprint}"`)
  })
})
