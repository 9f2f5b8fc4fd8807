import { SubscriberTooSlowError } from './subscriber-errors.ts'

/**
 * An iterator over every value that a listener gets: a reader that falls more than `limit` behind gets
 * SubscriberTooSlowError, and the listener is removed.
 */
export function boundedQueue<T>(
  limit: number,
  remedy: string,
  listen: (listener: (value: T) => void) => () => void,
): AsyncIterableIterator<T> {
  const queue: T[] = []
  let state: 'open' | 'overflown' | 'ended' = 'open'
  let wake: (() => void) | null = null

  const tell = () => {
    wake?.()
    wake = null
  }
  const stop = listen((value) => {
    if (state !== 'open') return
    if (queue.length >= limit) {
      state = 'overflown'
      queue.length = 0
      stop()
    } else {
      queue.push(value)
    }
    tell()
  })

  return {
    async next() {
      while (queue.length === 0 && state === 'open') {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      if (state === 'overflown') {
        state = 'ended'
        throw new SubscriberTooSlowError(limit, remedy)
      }
      const value = queue.shift()
      return state === 'ended' || value === undefined ? { done: true, value: undefined } : { done: false, value }
    },
    async return() {
      state = 'ended'
      queue.length = 0
      stop()
      tell()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
