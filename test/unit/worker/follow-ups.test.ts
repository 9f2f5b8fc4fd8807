import { describe, expect, test } from 'vitest'
import type { OperationAnswer } from '../../../src/admission/operation-service.ts'
import { OperationStatus } from '../../../src/domain/operation/operation.ts'
import type { Refusal } from '../../../src/domain/refusal.ts'
import { loadOperations } from '../../../src/operations/load-operations.ts'
import type { Clock } from '../../../src/shared/clock.ts'
import { askFollowUps } from '../../../src/worker/ask-follow-ups.ts'
import { createFollowUpSweep } from '../../../src/worker/sweep-follow-ups.ts'
import { FakeOperations } from '../../support/fake-operation-log.ts'
import { operationRecord } from '../../support/operations.ts'

const registry = await loadOperations()
const ENDED = '2026-11-22T12:00:00.000Z'
const CUT_OVER = {
  operation: 'op1',
  recovery: 'r1',
  server: 'patroni',
  node: 'db2',
  live: '/data/p',
  copy: '/data/p.recovery-r1',
  previous: '/data/p.previous-r1',
}
const cutOver = (changes: Parameters<typeof operationRecord>[0] = {}) =>
  operationRecord({
    id: 'op1',
    kind: 'cutOverRecovery',
    status: OperationStatus.SUCCEEDED,
    finishedAt: ENDED,
    input: { recovery: 'r1' },
    state: { cutOver: CUT_OVER },
    ...changes,
  })

/** Submits as told, and keeps what was asked for and what was said of it. */
function asking(answer: OperationAnswer = { operation: operationRecord(), plan: null, refusals: [] }) {
  const asked: Record<string, unknown>[] = []
  const told: string[] = []
  return {
    asked,
    told,
    deps: {
      registry,
      operations: {
        submit: async (kind: string, input: object) => {
          asked.push({ kind, ...input })
          return answer
        },
      },
      onFollowUpFailed: (id: string, why: string) => void told.push(`${id}: ${why}`),
    },
  }
}

describe('what follows a cut-over', () => {
  test('is a base backup, asked for under a key of its own', async () => {
    const { deps, asked, told } = asking()
    await askFollowUps(deps, cutOver())
    expect(asked).toMatchObject([{ kind: 'createBackup', server: 'patroni', idempotencyKey: 'op1.createBackup' }])
    expect(told).toEqual([])
  })

  test.each([
    ['when it did not succeed', { status: OperationStatus.FAILED }],
    ['after a kind that nothing follows', { kind: 'switchWal', input: {} }],
  ])('is nothing %s', async (_, changes) => {
    const { deps, asked } = asking()
    await askFollowUps(deps, cutOver(changes))
    expect(asked).toEqual([])
  })

  test('is told when it is refused', async () => {
    const refusal: Refusal = { code: 'CONFLICT', message: 'a backup is being made', remedy: 'Wait.', field: null }
    const { deps, told } = asking({ operation: null, plan: null, refusals: [refusal] })
    await askFollowUps(deps, cutOver())
    expect(told).toEqual(['op1: a backup is being made'])
  })
})

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
