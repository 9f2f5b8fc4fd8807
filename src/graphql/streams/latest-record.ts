/**
 * The newest record of something whose events are followed: at once, then when events have changed it. Events that come
 * between two reads are one. Ends where the events do, with the record after the last of them.
 */
export function latestRecord<E, T extends { readonly sequence: number }>(
  follow: () => Promise<AsyncIterableIterator<E>>,
  read: () => Promise<T>,
): AsyncIterableIterator<T> {
  let events: AsyncIterableIterator<E> | null = null
  let begun = false
  let changed = true
  let ended = false
  let left = false
  let failure: { readonly error: unknown } | null = null
  let sequence = -1
  let wake: () => void = () => {}

  const pump = async () => {
    try {
      events = await follow()
      if (left) await events.return?.()
      while ((await events.next()).done !== true) {
        changed = true
        wake()
      }
    } catch (error) {
      failure = { error }
    }
    ended = true
    wake()
  }

  const next = async (): Promise<IteratorResult<T>> => {
    if (!begun) void pump()
    begun = true
    for (;;) {
      while (!changed && !ended && !left) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      if (failure !== null) throw failure.error
      if (left || !changed) return { done: true, value: undefined }
      changed = false
      const record = await read()
      // An event that was read with the record before.
      if (record.sequence === sequence) continue
      sequence = record.sequence
      return { done: false, value: record }
    }
  }

  return {
    next,
    async return() {
      left = true
      wake()
      await events?.return?.()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
