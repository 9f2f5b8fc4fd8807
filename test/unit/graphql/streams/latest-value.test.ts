import { describe, expect, test } from 'vitest'
import { latestValue } from '../../../../src/graphql/streams/latest-value.ts'
import { source } from '../../../support/fakes/fake-source.ts'

const DONE = { done: true, value: undefined }

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

  test('leaves out what is no change to its reader', async () => {
    const changes = source<void>()
    let value = 10
    const tens = latestValue(
      () => value,
      changes.listen,
      (now, last) => Math.floor(now / 10) === Math.floor(last / 10),
    )
    await tens.next()
    const next = tens.next()
    for (value = 11; value < 25; value++) {
      changes.tell()
      await new Promise((resolve) => setImmediate(resolve))
      if (value === 20) break
    }
    expect(await next).toEqual({ done: false, value: 20 })
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
