import { describe, expect, test } from 'vitest'
import { latestRecord } from '../../../../src/graphql/streams/latest-record.ts'

const DONE = { done: true, value: undefined }

/** Events that the test tells, and a record that counts them. */
function followed() {
  let sequence = 1
  let waiting: ((result: IteratorResult<number>) => void) | null = null
  let failing: ((error: unknown) => void) | null = null
  const queue: IteratorResult<number>[] = []
  let left = false
  const push = (result: IteratorResult<number>) => {
    if (waiting === null) queue.push(result)
    else waiting(result)
    waiting = null
  }
  const events: AsyncIterableIterator<number> = {
    next: () => {
      const first = queue.shift()
      if (first !== undefined) return Promise.resolve(first)
      return new Promise((resolve, reject) => {
        waiting = resolve
        failing = reject
      })
    },
    async return() {
      left = true
      push({ done: true, value: undefined })
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
  return {
    records: latestRecord(
      async () => events,
      async () => ({ sequence }),
    ),
    tell: () => push({ done: false, value: ++sequence }),
    end: () => push({ done: true, value: undefined }),
    fail: (error: Error) => failing?.(error),
    hasLeft: () => left,
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('latestRecord', () => {
  test('answers at once, then after each event, and ends with the events', async () => {
    const { records, tell, end } = followed()
    expect(await records.next()).toEqual({ done: false, value: { sequence: 1 } })
    const next = records.next()
    tell()
    expect(await next).toEqual({ done: false, value: { sequence: 2 } })
    tell()
    end()
    await settled()
    expect(await records.next()).toEqual({ done: false, value: { sequence: 3 } })
    expect(await records.next()).toEqual(DONE)
  })

  test('makes one record of events that were not read in between', async () => {
    const { records, tell } = followed()
    await records.next()
    for (let count = 0; count < 1000; count++) tell()
    await settled()
    expect(await records.next()).toEqual({ done: false, value: { sequence: 1001 } })
    const next = records.next()
    await settled()
    await records.return?.()
    expect(await next).toEqual(DONE)
  })

  test('ends a waiting reader and its source when it is returned', async () => {
    const { records, hasLeft } = followed()
    await records.next()
    const next = records.next()
    await settled()
    await records.return?.()
    expect([await next, hasLeft()]).toEqual([DONE, true])
  })

  test('passes on what its source fails with', async () => {
    const { records, fail } = followed()
    await records.next()
    const next = records.next()
    await settled()
    fail(new Error('the feed does not reach back'))
    await expect(next).rejects.toThrow('the feed does not reach back')
  })
})
