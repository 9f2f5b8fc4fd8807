import { describe, expect, test } from 'vitest'
import { type RecoveryRecord, RecoveryStatus } from '../../../../../src/domain/recovery/recovery.ts'
import { planOperation } from '../../../../../src/operations/plan-operation.ts'
import undoRecovery, {
  UndoRecoveryInput,
} from '../../../../../src/operations/recovery/undo-recovery/undo-recovery.kind.ts'
import { COMPLETED, READY } from '../../../../support/builders/cut-over.ts'
import { planContext } from '../../../../support/builders/plan-context.ts'

describe('undoRecovery is refused', () => {
  const cases: [string, RecoveryRecord, string[]][] = [
    ['never while its previous data is kept', COMPLETED, []],
    ['when that is gone', { ...COMPLETED, previous: null }, ['NOT_UNDOABLE']],
    ['before the cut-over', READY, ['NOT_UNDOABLE']],
    ['a second time', { ...COMPLETED, status: RecoveryStatus.UNDONE }, ['NOT_UNDOABLE']],
  ]
  test.each(cases)('%s', async (_, recovery, expected) => {
    const context = planContext(new UndoRecoveryInput(), { recovery: 'r1' }, {}, [], [recovery])
    expect((await undoRecovery.check(context)).map(({ code }) => code)).toEqual(expected)
  })
})

test('the plan of an undo counts from the cut-over', async () => {
  const plan = await planOperation(
    undoRecovery,
    planContext(new UndoRecoveryInput(), { recovery: 'r1' }, {}, [], [COMPLETED]),
  )
  expect(plan.dataLoss).toMatch(/since 2026-11-22T11:55:00.000Z is given up: 5 minutes/)
  expect(plan.steps[0]?.name).toBe('replay-previous')
})

test('there is one point of no return, and it is the start of the node', () => {
  expect(undoRecovery.steps.filter(({ pointOfNoReturn }) => pointOfNoReturn).map(({ name }) => name)).toEqual([
    'start-target',
  ])
})
