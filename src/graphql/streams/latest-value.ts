/**
 * An iterator over the newest state of something: the first value at once, then one after each change. Changes that
 * come between two reads are one value, so a slow reader costs nothing and never sees outdated state. `isSame`: what is
 * no change to the reader.
 */
export function latestValue<T>(
  read: () => T,
  onChange: (listener: () => void) => () => void,
  isSame: (value: T, last: T) => boolean = () => false,
): AsyncIterableIterator<T> {
  let last: { readonly value: T } | null = null
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
      for (;;) {
        while (!changed && !ended) {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
        if (ended) return { done: true, value: undefined }
        changed = false
        const value = read()
        if (last !== null && isSame(value, last.value)) continue
        last = { value }
        return { done: false, value }
      }
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
