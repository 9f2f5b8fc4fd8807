import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import type { OperationEvent, OperationEventBody } from '../../../src/domain/operation/operation-events.ts'
import { countOperations } from '../../../src/metrics/count-operations.ts'
import { waitFor } from '../../support/wait-for.ts'

let cursor = 0
const event = (operationId: string, body: OperationEventBody, at = '2026-11-22T12:00:00.000Z'): OperationEvent => {
  cursor += 1
  return {
    ...{ cursor: String(cursor), sequence: 1, at, operationId, message: '', body },
    kind: 'createBackup',
    cluster: 'patroni',
  }
}
const started = (attempt: number): OperationEventBody => ({ type: 'OperationStarted', attempt, worker: 'w' })
const succeeded: OperationEventBody = { type: 'OperationSucceeded', result: null }
const cancelled: OperationEventBody = { type: 'OperationCancelled', reason: null }

/** Gives what it has after a cursor; then fails, or waits for ever. */
function feedOf(...rounds: readonly (readonly OperationEvent[])[]) {
  const asked: (string | null)[] = []
  async function* followAll(_: unknown, after: string | null): AsyncGenerator<OperationEvent> {
    asked.push(after)
    const round = rounds[asked.length - 1] ?? []
    yield* round
    if (asked.length < rounds.length) throw new Error('Redis is away')
    await new Promise(() => {})
  }
  return { asked, followAll }
}

test('counts each end, how long it took, and what was taken over; and goes on behind what it has counted', async () => {
  const registry = new Registry()
  const errors: unknown[] = []
  const first = [event('a', started(1)), event('a', started(2)), event('b', cancelled)]
  const feed = feedOf(first, [event('a', succeeded, '2026-11-22T12:00:30.000Z')])
  const stop = countOperations({
    ...{ registry, feed, clock: { sleep: async () => {} }, clusters: ['patroni'], kinds: ['createBackup'] },
    onError: (error) => errors.push(error),
  })
  const lines = await waitFor('the end to be counted', async () => {
    const all = (await registry.metrics()).split('\n')
    return all.some((line) => line.includes('outcome="succeeded"} 1')) && all
  })
  stop()
  const labels = 'cluster="patroni",kind="createBackup"'
  expect(lines).toEqual(
    expect.arrayContaining([
      `howdah_operations_total{${labels},outcome="succeeded"} 1`,
      `howdah_operations_total{${labels},outcome="cancelled"} 1`,
      // Before any of them: Prometheus does not see what begins with 1 grow.
      `howdah_operations_total{${labels},outcome="interrupted"} 0`,
      `howdah_operation_takeovers_total{${labels}} 1`,
      `howdah_operation_duration_seconds_sum{${labels}} 30`,
      // b began before anything was counted.
      `howdah_operation_duration_seconds_count{${labels}} 1`,
    ]),
  )
  expect(feed.asked).toEqual([null, first.at(-1)?.cursor])
  expect(errors).toHaveLength(1)
})
