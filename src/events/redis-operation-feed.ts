import { NotFoundError } from '../domain/errors.ts'
import { isTerminal } from '../domain/operation/operation.ts'
import { endsOperation } from '../domain/operation/operation-events.ts'
import type { Redis } from '../shared/redis.ts'
import { CursorExpiredError } from './event-errors.ts'
import { matches } from './list-operations.ts'
import { logKeys } from './log-keys.ts'
import type { OperationFeed, OperationLog } from './operation-log.ts'
import { isCursor, readEntry } from './stored-event.ts'
import { createStreamFeed } from './stream-feed.ts'
import { STREAM_START } from './stream-reader.ts'

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

export function createOperationFeed({ log, prefix, ...options }: OperationFeedOptions): OperationFeed {
  const keys = logKeys(prefix)
  const { start, stop, head, position, ...feed } = createStreamFeed({ ...options, key: keys.feed, read: readEntry })
  return {
    start,
    stop,
    head,
    position,
    followOperation(operationId, after) {
      return feed.follow({
        passes: (event) => event.operationId === operationId,
        history: keys.events(operationId),
        isLast: ({ body }) => endsOperation(body),
        begin: async () => {
          if (after !== null && !isCursor(after)) throw new CursorExpiredError(after)
          const record = await log.get(operationId)
          if (record === null) throw new NotFoundError(`there is no operation ${operationId}`)
          if (after === null || !isTerminal(record.status)) return after ?? STREAM_START
          const { events } = await log.events(operationId, { limit: 1, from: after, backward: false })
          return events.length > 0 ? after : null
        },
      })
    },
    followAll: (filter, after) => feed.followAll((event) => matches(event, filter), after),
  }
}
