import { describe, expect, test } from 'vitest'
import { OperationStatus } from '../../../src/domain/operation/operation.ts'
import type { Clock } from '../../../src/shared/clock.ts'
import { createFollowUpSweep } from '../../../src/worker/sweep-follow-ups.ts'
import { operationRecord } from '../../support/builders/operations.ts'
import { asking, cutOver, ENDED } from '../../support/fakes/fake-follow-ups.ts'
import { FakeOperations } from '../../support/fakes/fake-operation-log.ts'

describe('the sweep', () => {
  /** Looks so many seconds after the cut-over has ended, one after the other. */
  async function sweepAt(...seconds: number[]) {
    const operations = new FakeOperations()
    operations.add(cutOver())
    operations.add(operationRecord({ id: 'op2', status: OperationStatus.RUNNING, finishedAt: null }))
    let now = 0
    const { deps, asked } = asking()
    const clock: Pick<Clock, 'now'> = { now: () => new Date(now) }
    const sweep = createFollowUpSweep({ ...deps, log: operations.log, clock: clock as Clock })
    for (const second of seconds) {
      now = Date.parse(ENDED) + second * 1000
      await sweep()
    }
    return asked.length
  }

  test.each([
    ['leaves it at first to the worker that ran it', [1, 4], 0],
    ['asks once for what that one has not asked for', [1, 6, 8, 600], 1],
    ['lets go of what ended long ago', [1000], 0],
  ])('%s', async (_, seconds, expected) => {
    expect(await sweepAt(...seconds)).toBe(expected)
  })
})
