import { describe, expect, test, vi } from 'vitest'
import { abortable } from '../../../../src/graphql/streams/abortable.ts'

const DONE = { done: true, value: undefined }

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
