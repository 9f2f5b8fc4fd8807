/**
 * An iterator over what `pull` finds, one after the other: null means nothing yet, and is asked again when the listener was
 * called. Nothing is kept for a reader that is slow: its place is `pull`'s.
 */
export function pulled<T>(
  pull: () => T | null,
  listen: (listener: () => void) => () => void,
): AsyncIterableIterator<T> {
  let ended = false
  let fresh = true
  let wake: () => void = () => {}
  const stop = listen(() => {
    fresh = true
    wake()
  })
  const end = () => {
    ended = true
    stop()
    wake()
  }

  return {
    async next() {
      while (!ended) {
        if (!fresh) {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
          continue
        }
        try {
          const value = pull()
          if (value !== null) return { done: false, value }
        } catch (error) {
          end()
          throw error
        }
        fresh = false
      }
      return { done: true, value: undefined }
    },
    async return() {
      end()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
