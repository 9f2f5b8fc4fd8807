import { describe, expect, test } from 'vitest'
import { boundedQueue } from '../../../../src/graphql/streams/bounded-queue.ts'
import { source } from '../../../support/fakes/fake-source.ts'

const DONE = { done: true, value: undefined }

describe('boundedQueue', () => {
  test('keeps the order and leaves nothing out', async () => {
    const numbers = source<number>()
    const values = boundedQueue(3, 'remedy', numbers.listen)
    for (const number of [1, 2, 3]) numbers.tell(number)
    for (const value of [1, 2, 3]) expect(await values.next()).toEqual({ done: false, value })
  })

  test('fails and stops listening when a reader is too far behind', async () => {
    const numbers = source<number>()
    const values = boundedQueue(3, 'Read on.', numbers.listen)
    for (const number of [1, 2, 3, 4]) numbers.tell(number)
    expect(numbers.listeners.size).toBe(0)
    await expect(values.next()).rejects.toMatchObject({ code: 'SUBSCRIBER_TOO_SLOW', remedy: 'Read on.' })
    expect(await values.next()).toEqual(DONE)
  })

  test('ends a waiting reader and stops listening when it is returned', async () => {
    const numbers = source<number>()
    const values = boundedQueue(3, 'remedy', numbers.listen)
    const next = values.next()
    await values.return?.()
    expect(await next).toEqual(DONE)
    expect(numbers.listeners.size).toBe(0)
  })
})
