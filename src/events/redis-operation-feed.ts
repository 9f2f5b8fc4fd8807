import { NotFoundError } from '../domain/errors.ts'
import { isTerminal } from '../domain/operation/operation.ts'
import type { OperationEvent } from '../domain/operation/operation-events.ts'
import type { Redis } from '../shared/redis.ts'
import { CursorExpiredError, guard } from './event-errors.ts'
import { follow } from './event-follower.ts'
import { EventRing } from './event-ring.ts'
import { matches } from './list-operations.ts'
import { logKeys } from './log-keys.ts'
import type { OperationFeed, OperationLog } from './operation-log.ts'
import { compareCursors, isCursor, readEntry, type StreamEntry } from './stored-event.ts'
import { createStreamReader, newestCursor, STREAM_START } from './stream-reader.ts'

export interface OperationFeedOptions {
  readonly log: OperationLog
  /** For pages of history. */
  readonly redis: Redis
  /** For the one blocking read: a connection of its own, which waits while Redis is away. */
  readonly blockingRedis: Redis
  readonly prefix: string
  /** Told of each failure of the blocking read, which then goes on by itself. */
  readonly onError: (error: unknown) => void
  readonly ringCapacity?: number
}

const RING_CAPACITY = 5_000
const PAGE = 200

/** One blocking reader a process, however many subscribers. */
export function createOperationFeed(options: OperationFeedOptions): OperationFeed {
  const { log, redis, blockingRedis } = options
  const keys = logKeys(options.prefix)
  let ring = new EventRing(STREAM_START, options.ringCapacity ?? RING_CAPACITY)
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
    key: keys.feed,
    onHead(cursor) {
      ring = new EventRing(cursor, options.ringCapacity ?? RING_CAPACITY)
      headKnown()
    },
    onEntries(entries) {
      ring.push(entries.map(readEntry))
      tell()
    },
    onError: options.onError,
  })

  /** Pages of one stream while the ring does not reach back far enough. */
  async function history(key: string, after: string): Promise<OperationEvent[]> {
    const entries = (await guard(redis.xrange(key, `(${after}`, '+', 'COUNT', PAGE))) as unknown as StreamEntry[]
    return entries.map(readEntry)
  }

  function source(stream: string, passes: (event: OperationEvent) => boolean) {
    let page: OperationEvent[] = []
    return {
      async next(cursor: string): Promise<{ event: OperationEvent | null; cursor: string }> {
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
      wait(cursor: string) {
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
    const first = (await guard(redis.xrange(keys.feed, '-', '+', 'COUNT', 1))) as unknown as StreamEntry[]
    return first[0]?.[0] ?? null
  }

  return {
    start: () => reader.start(),
    async stop() {
      stopped = true
      headKnown()
      tell()
      await reader.stop()
    },
    head: () => guard(newestCursor(redis, keys.feed)),
    position: () => ring.head,
    followOperation(operationId, after) {
      return follow(
        source(keys.events(operationId), (event) => event.operationId === operationId),
        {
          endsWithOperation: true,
          begin: async () => {
            if (after !== null && !isCursor(after)) throw new CursorExpiredError(after)
            await started
            const record = await log.get(operationId)
            if (record === null) throw new NotFoundError(`there is no operation ${operationId}`)
            if (after === null || !isTerminal(record.status)) return after ?? STREAM_START
            const { events } = await log.events(operationId, { limit: 1, from: after, backward: false })
            return events.length > 0 ? after : null
          },
        },
      )
    },
    followAll(filter, after) {
      return follow(
        source(keys.feed, (event) => matches(event, filter)),
        {
          endsWithOperation: false,
          begin: async () => {
            await started
            if (after === null) return ring.head
            if (!isCursor(after)) throw new CursorExpiredError(after)
            const first = await oldest()
            if (after !== STREAM_START && first !== null && compareCursors(after, first) < 0)
              throw new CursorExpiredError(after)
            return after
          },
        },
      )
    },
  }
}
