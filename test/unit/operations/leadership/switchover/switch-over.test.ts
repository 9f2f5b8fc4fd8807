import { describe, expect, test } from 'vitest'
import { StepOutcome } from '../../../../../src/operations/define-operation.ts'
import { switchOver } from '../../../../../src/operations/leadership/switchover/switch-over.ts'
import { AT, EMPTIED, lost, SCHEDULED, switchoverContext } from '../../../../support/fakes/fake-schedule.ts'

describe('scheduling a switchover', () => {
  test.each([
    ['is done when Patroni has just this one', SCHEDULED, StepOutcome.DONE],
    ['is not done when it has none', EMPTIED, StepOutcome.NOT_DONE],
    ['is not done for another time', SCHEDULED.replace('13:00', '14:00'), StepOutcome.NOT_DONE],
    ['is not done for another node', SCHEDULED.replace('db2', 'db3'), StepOutcome.NOT_DONE],
  ])('%s', async (_, request, expected) => {
    const { context } = switchoverContext(request, lost)
    expect(await switchOver.isDone?.(context)).toBe(expected)
  })

  test('succeeds once the key has it, even when the answer was lost', async () => {
    const { context } = switchoverContext(null, async (keys) => {
      keys.request = SCHEDULED
      return lost()
    })
    await switchOver.run(context)
    expect(context.messages).toEqual([`Patroni switches over from db1 at ${AT}`])
  })

  test('fails at once with the words of Patroni when it is refused', async () => {
    const { context } = switchoverContext(null, async () => ({ status: 422, text: 'Cannot schedule in the past' }))
    await expect(switchOver.run(context)).rejects.toThrow('(422: Cannot schedule in the past)')
  })
})
