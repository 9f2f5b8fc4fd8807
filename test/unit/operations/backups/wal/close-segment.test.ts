import { describe, expect, test } from 'vitest'
import { waitForSegment } from '../../../../../src/operations/backups/wal/close-segment.ts'
import { SwitchWalInput } from '../../../../../src/operations/backups/wal/switch-wal-input.ts'
import { StepOutcome } from '../../../../../src/operations/define-operation.ts'
import { NOW } from '../../../../support/builders/observed.ts'
import { FakeBarman, stepContext } from '../../../../support/fakes/fake-barman.ts'

const WAL = ['000000010000000000000005', '000000010000000000000006']

describe('switchWal', () => {
  const waiting = (segment: string | null) =>
    stepContext(new FakeBarman([]), Object.assign(new SwitchWalInput(), { timeoutSeconds: 5 }), {
      record: { state: { segment, closedAt: NOW.toISOString() } },
    })

  test('has nothing to wait for when there was nothing to close, or when the segment is there', async () => {
    expect(await waitForSegment.isDone?.(waiting(null).context)).toBe(StepOutcome.DONE)
    expect(await waitForSegment.isDone?.(waiting(WAL[0] ?? '').context)).toBe(StepOutcome.DONE)
  })

  test('says what it last saw when the segment does not come', async () => {
    const { context } = waiting('0000000100000000000000FF')
    await expect(waitForSegment.run(context)).rejects.toMatchObject({
      code: 'WAL_NOT_ARCHIVED',
      message: expect.stringContaining('the archive ends with 00000001000000000000000A'),
    })
  })
})
