/**
 * An iterator over the newest state of something: the first value at once, then one after each change. Changes that
 * come between two reads are one value, so a slow reader costs nothing and never sees outdated state.
 */
export function latestValue<T>(
  read: () => T,
  onChange: (listener: () => void) => () => void,
): AsyncIterableIterator<T> {
  let changed = true
  let ended = false
  let wake: (() => void) | null = null

  const tell = () => {
    wake?.()
    wake = null
  }
  const stop = onChange(() => {
    changed = true
    tell()
  })

  return {
    async next() {
      while (!changed && !ended) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      if (ended) return { done: true, value: undefined }
      changed = false
      return { done: false, value: read() }
    },
    async return() {
      ended = true
      stop()
      tell()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
