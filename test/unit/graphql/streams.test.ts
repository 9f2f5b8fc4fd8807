import { describe, expect, test, vi } from 'vitest'
import { abortable } from '../../../src/graphql/streams/abortable.ts'
import { boundedQueue } from '../../../src/graphql/streams/bounded-queue.ts'
import { latestValue } from '../../../src/graphql/streams/latest-value.ts'

const DONE = { done: true, value: undefined }

function source<T>() {
  const listeners = new Set<(value: T) => void>()
  return {
    listeners,
    tell: (value: T) => {
      for (const listener of listeners) listener(value)
    },
    listen: (listener: (value: T) => void) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

describe('latestValue', () => {
  test('answers at once, then after each change', async () => {
    const changes = source<void>()
    let value = 1
    const values = latestValue(() => value, changes.listen)
    expect(await values.next()).toEqual({ done: false, value: 1 })
    const next = values.next()
    value = 2
    changes.tell()
    expect(await next).toEqual({ done: false, value: 2 })
  })

  test('makes one value of changes that were not read in between', async () => {
    const changes = source<void>()
    let value = 1
    const values = latestValue(() => value, changes.listen)
    await values.next()
    for (value = 2; value < 1000; value++) changes.tell()
    expect(await values.next()).toEqual({ done: false, value: 1000 })
    const next = values.next()
    await values.return?.()
    expect(await next).toEqual(DONE)
  })

  test('ends a waiting reader and stops listening when it is returned', async () => {
    const changes = source<void>()
    const values = latestValue(() => 1, changes.listen)
    await values.next()
    const next = values.next()
    await values.return?.()
    expect(await next).toEqual(DONE)
    expect(changes.listeners.size).toBe(0)
  })
})

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

describe('abortable', () => {
  test('aborts its source and ends a waiting reader at once, although the source goes on waiting', async () => {
    const aborted = vi.fn()
    const values = abortable(async function* (signal) {
      signal.addEventListener('abort', aborted)
      yield 1
      await new Promise(() => {})
      yield 2
    })
    expect(await values.next()).toEqual({ done: false, value: 1 })
    const next = values.next()
    await values.return?.()
    expect(await next).toEqual(DONE)
    expect(aborted).toHaveBeenCalledOnce()
    expect(await values.next()).toEqual(DONE)
  })

  test('passes on what the source throws, but not that it was aborted', async () => {
    const failing = abortable(async function* () {
      yield 1
      throw new Error('gone')
    })
    await failing.next()
    await expect(failing.next()).rejects.toThrow('gone')

    const complaining = abortable(async function* (signal) {
      yield 1
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))))
    })
    await complaining.next()
    const next = complaining.next()
    await complaining.return?.()
    expect(await next).toEqual(DONE)
  })
})
