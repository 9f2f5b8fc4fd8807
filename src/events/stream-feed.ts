import type { Redis } from '../shared/redis.ts'
import { CursorExpiredError, guard } from './event-errors.ts'
import { type FollowerSource, follow } from './event-follower.ts'
import { EventRing, type Placed } from './event-ring.ts'
import { compareCursors, isCursor, type StreamEntry } from './stored-event.ts'
import { createStreamReader, newestCursor, STREAM_START } from './stream-reader.ts'

export interface StreamFeedOptions<Event extends Placed> {
  /** For pages of history. */
  readonly redis: Redis
  /** For the one blocking read: a connection of its own, which waits while Redis is away. */
  readonly blockingRedis: Redis
  readonly key: string
  /** Only this room writes the stream. */
  readonly read: (entry: StreamEntry) => Event
  /** Told of each failure of the blocking read, which then goes on by itself. */
  readonly onError: (error: unknown) => void
  readonly ringCapacity?: number
}

export interface FollowOptions<Event> {
  readonly passes: (event: Event) => boolean
  /** Where history is read: another stream of the same events in which fewer have to be passed over. Left out: the feed. */
  readonly history?: string
  /** As `event-follower.ts` has it; the feed has begun by then. */
  readonly begin: () => Promise<string | null>
  readonly isLast?: (event: Event) => boolean
}

/** A stream that is replayed from a cursor, then followed: one blocking reader a process, however many subscribers. */
export interface StreamFeed<Event extends Placed> {
  /** Begins to read; subscribers wait until Redis is there. */
  start(): void
  stop(): Promise<void>
  /** The cursor of the newest event in Redis, whether subscribers have it already or not. */
  head(): Promise<string>
  /** The cursor of the newest event that this process has read. */
  position(): string
  follow(options: FollowOptions<Event>): AsyncIterableIterator<Event>
  /** All that pass, after the cursor (from now without one), live and without end. Throws CursorExpiredError. */
  followAll(passes: (event: Event) => boolean, after: string | null): AsyncIterableIterator<Event>
}

const RING_CAPACITY = 5_000
const PAGE = 200

export function createStreamFeed<Event extends Placed>(options: StreamFeedOptions<Event>): StreamFeed<Event> {
  const { redis, blockingRedis, key, read } = options
  const newRing = (floor: string) => new EventRing<Event>(floor, options.ringCapacity ?? RING_CAPACITY)
  let ring = newRing(STREAM_START)
  let headKnown: () => void = () => {}
  const started = new Promise<void>((resolve) => {
    headKnown = resolve
  })
  let stopped = false
  const waiters = new Set<() => void>()

  function tell(): void {
    const told = [...waiters]
    waiters.clear()
    for (const wake of told) wake()
  }

  const reader = createStreamReader({
    blockingRedis,
    key,
    onHead(cursor) {
      ring = newRing(cursor)
      headKnown()
    },
    onEntries(entries) {
      ring.push(entries.map(read))
      tell()
    },
    onError: options.onError,
  })

  /** Pages of one stream while the ring does not reach back far enough. */
  async function history(stream: string, after: string): Promise<Event[]> {
    const entries = (await guard(redis.xrange(stream, `(${after}`, '+', 'COUNT', PAGE))) as unknown as StreamEntry[]
    return entries.map(read)
  }

  function source(stream: string, passes: (event: Event) => boolean): FollowerSource<Event> {
    let page: Event[] = []
    return {
      async next(cursor) {
        let at = cursor
        for (;;) {
          for (let event = page.shift(); event !== undefined; event = page.shift()) {
            at = event.cursor
            if (passes(event)) return { event, cursor: at }
          }
          if (ring.covers(at)) {
            const { event, reached } = ring.next(at, passes)
            return { event, cursor: reached }
          }
          // Every event up to the ring's head is in Redis: once a page is empty, nothing before it is missing.
          const head = ring.head
          page = await history(stream, at)
          if (page.length === 0) at = compareCursors(head, at) > 0 ? head : at
        }
      },
      stopped: () => stopped,
      wait(cursor) {
        let wake: () => void = () => {}
        const done = new Promise<void>((resolve) => {
          wake = resolve
        })
        if (stopped || compareCursors(ring.head, cursor) > 0) wake()
        else waiters.add(wake)
        const cancel = () => {
          waiters.delete(wake)
          wake()
        }
        return { done, cancel }
      },
    }
  }

  async function oldest(): Promise<string | null> {
    const first = (await guard(redis.xrange(key, '-', '+', 'COUNT', 1))) as unknown as StreamEntry[]
    return first[0]?.[0] ?? null
  }

  const followStream = ({ passes, history: stream = key, begin, ...rest }: FollowOptions<Event>) =>
    follow(source(stream, passes), {
      ...rest,
      begin: async () => {
        await started
        return begin()
      },
    })

  return {
    start: () => reader.start(),
    async stop() {
      stopped = true
      headKnown()
      tell()
      await reader.stop()
    },
    head: () => guard(newestCursor(redis, key)),
    position: () => ring.head,
    follow: followStream,
    followAll: (passes, after) =>
      followStream({
        passes,
        begin: async () => {
          if (after === null) return ring.head
          if (!isCursor(after)) throw new CursorExpiredError(after)
          const first = await oldest()
          if (after !== STREAM_START && first !== null && compareCursors(after, first) < 0) {
            throw new CursorExpiredError(after)
          }
          return after
        },
      }),
  }
}
