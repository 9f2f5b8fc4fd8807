/** Where a follower reads: history in pages, then what comes. */
export interface FollowerSource<Event> {
  /** The next event after the cursor, or null when there is none yet; `cursor` is where to go on. */
  next(cursor: string): Promise<{ event: Event | null; cursor: string }>
  /** True once nothing more will come: followers end. */
  stopped(): boolean
  /** Until something may have come after the cursor, or until it is cancelled. */
  wait(cursor: string): { readonly done: Promise<void>; cancel(): void }
}

/**
 * One subscriber's place in the log. It pulls: nothing is read or kept for it until it asks for the next event, so
 * a subscriber that does not read costs nothing here. `return()` ends a wait at once, which an async generator cannot.
 */
export function follow<Event>(
  source: FollowerSource<Event>,
  options: {
    /** Settled before the first event: checks the subscription, and says where to start; null: it is over already. */
    readonly begin: () => Promise<string | null>
    /** Whether nothing comes after it. Left out: it has no end. */
    readonly isLast?: (event: Event) => boolean
  },
): AsyncIterableIterator<Event> {
  let cursor: string | null = null
  let ended = false
  let cancelWait: () => void = () => {}
  // Calls of next() without waiting for each other are answered in turn.
  let turn: Promise<unknown> = Promise.resolve()

  async function pull(): Promise<IteratorResult<Event>> {
    try {
      cursor ??= await options.begin()
      if (cursor === null) ended = true
      while (!ended && cursor !== null && !source.stopped()) {
        const found = await source.next(cursor)
        cursor = found.cursor
        if (ended) break
        if (found.event !== null) {
          if (options.isLast?.(found.event) === true) ended = true
          return { done: false, value: found.event }
        }
        const waiting = source.wait(cursor)
        cancelWait = waiting.cancel
        await waiting.done
      }
    } catch (error) {
      ended = true
      throw error
    }
    return { done: true, value: undefined }
  }

  return {
    next() {
      const answer = turn.then(pull)
      turn = answer.catch(() => {})
      return answer
    },
    async return() {
      ended = true
      cancelWait()
      return { done: true, value: undefined }
    },
    async throw(error) {
      ended = true
      cancelWait()
      throw error
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
