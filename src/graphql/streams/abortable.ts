/**
 * An iterator over a source that ends on a signal: `return()` aborts it and ends a waiting `next()` at once, whatever
 * the source does. Nothing is read ahead, so a slow reader holds the source back.
 */
export function abortable<T>(open: (signal: AbortSignal) => AsyncIterable<T>): AsyncIterableIterator<T> {
  const controller = new AbortController()
  const source = open(controller.signal)[Symbol.asyncIterator]()
  const done: IteratorResult<T> = { done: true, value: undefined }
  let endWaiting: () => void = () => {}

  return {
    next() {
      if (controller.signal.aborted) return Promise.resolve(done)
      return new Promise((resolve, reject) => {
        endWaiting = () => resolve(done)
        // What the source says after it was aborted is no news.
        source.next().then(resolve, (error: unknown) => (controller.signal.aborted ? resolve(done) : reject(error)))
      })
    },
    async return() {
      controller.abort()
      endWaiting()
      // Not awaited: a generator that waits for something else answers only when that has come.
      source.return?.().catch(() => {})
      return done
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
