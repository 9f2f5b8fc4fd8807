import { describe, expect, test } from 'vitest'
import { StepOutcome } from '../../../../../src/operations/define-operation.ts'
import { cancelSchedule } from '../../../../../src/operations/leadership/switchover/cancel-schedule.ts'
import { EMPTIED, lost, SCHEDULED, switchoverContext } from '../../../../support/fakes/fake-schedule.ts'

describe('cancelling a scheduled switchover', () => {
  test.each([
    ['is already so without any request', null, StepOutcome.DONE],
    ['is already so when it was undone', EMPTIED, StepOutcome.DONE],
    ['leaves a switchover alone that is under way', '{"leader":"db1","member":"db2"}', StepOutcome.DONE],
    ['has to be done', SCHEDULED, StepOutcome.NOT_DONE],
  ])('%s', async (_, request, expected) => {
    const { context } = switchoverContext(request, lost)
    expect(await cancelSchedule.isDone?.({ ...context, input: {} })).toBe(expected)
  })

  test('asks the next node when one does not answer, until the key says so', async () => {
    let calls = 0
    const { context, asked } = switchoverContext(SCHEDULED, async (keys) => {
      calls += 1
      if (calls === 1) return lost()
      keys.request = EMPTIED
      return { status: 200, text: 'scheduled switchover deleted' }
    })
    await cancelSchedule.run({ ...context, input: {} })
    expect(asked).toEqual(['db1', 'db2'])
  })

  test('gives up with what Patroni said last', async () => {
    const { context } = switchoverContext(SCHEDULED, async () => ({ status: 409, text: 'conflict' }))
    await expect(cancelSchedule.run({ ...context, input: {} })).rejects.toThrow('(409: conflict)')
  })
})
