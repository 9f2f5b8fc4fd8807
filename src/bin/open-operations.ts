import { createOperationsQueue, type OperationsQueue } from '../admission/operations-queue.ts'
import type { Configuration } from '../config/configuration.ts'
import { messageOf } from '../domain/errors.ts'
import type { IssueFeed, IssueStore } from '../events/issue-store.ts'
import type { OperationFeed, OperationLog } from '../events/operation-log.ts'
import type { RecoveryFeed, RecoveryStore } from '../events/recovery-store.ts'
import { createIssueFeed, createIssueStore } from '../events/redis-issue-store.ts'
import { createOperationFeed } from '../events/redis-operation-feed.ts'
import { createOperationLog } from '../events/redis-operation-log.ts'
import { createRecoveryFeed } from '../events/redis-recovery-feed.ts'
import { createRecoveryStore } from '../events/redis-recovery-store.ts'
import { createScheduleStore } from '../events/schedules/redis-schedule-store.ts'
import { openScheduleBook, type ScheduleBook } from '../events/schedules/schedule-book.ts'
import type { ScheduleStore } from '../events/schedules/schedule-store.ts'
import type { PresenceOptions } from '../events/worker-presence.ts'
import { systemClock } from '../shared/clock.ts'
import type { Logger } from '../shared/logger.ts'
import { connectRedis, type Redis } from '../shared/redis.ts'

/** The log, its feed, the recoveries and the queue: the same for API and worker. */
export interface Operations {
  readonly log: OperationLog
  readonly feed: OperationFeed
  readonly recoveries: RecoveryStore
  readonly issues: IssueStore
  readonly schedules: ScheduleStore
  /** The caller stops it. */
  openScheduleBook(clusters: readonly string[]): ScheduleBook
  /** On a connection of its own, which the worker does not need: the caller starts and stops it. */
  openRecoveryFeed(): RecoveryFeed
  /** The same. */
  openIssueFeed(): IssueFeed
  readonly queue: OperationsQueue
  /** Fails at once while Redis is away. */
  readonly redis: Redis
  /** What the presence of workers is said and read with. */
  readonly presence: PresenceOptions
  close(): Promise<void>
}

const PREFIX = 'howdah'

export async function openOperations(settings: Configuration['redis'], logger: Logger): Promise<Operations> {
  const redis = connectRedis(settings, 'prompt')
  const log = createOperationLog({ redis, prefix: PREFIX, now: () => new Date() })
  const recoveries = createRecoveryStore({ redis, prefix: PREFIX, now: () => new Date() })
  const issues = createIssueStore({ redis, prefix: PREFIX, now: () => new Date() })
  const feed = createOperationFeed({
    log,
    redis,
    blockingRedis: connectRedis(settings, 'patient'),
    prefix: PREFIX,
    onError: (error) => logger.warn({ error: messageOf(error) }, 'event feed'),
  })
  const queue = createOperationsQueue(redis)
  const schedules = createScheduleStore({ redis, prefix: PREFIX })
  return {
    log,
    feed,
    recoveries,
    issues,
    schedules,
    openScheduleBook: (clusters) =>
      openScheduleBook({
        ...{ store: schedules, log, clusters, clock: systemClock },
        // The last that was read stays.
        onError: (error) => logger.debug({ error: messageOf(error) }, 'schedules'),
      }),
    openRecoveryFeed: () =>
      createRecoveryFeed({
        store: recoveries,
        blockingRedis: connectRedis(settings, 'patient'),
        prefix: PREFIX,
        onError: (error) => logger.warn({ error: messageOf(error) }, 'recovery feed'),
      }),
    openIssueFeed: () =>
      createIssueFeed({
        redis,
        blockingRedis: connectRedis(settings, 'patient'),
        prefix: PREFIX,
        onError: (error) => logger.warn({ error: messageOf(error) }, 'issue feed'),
      }),
    queue,
    redis,
    presence: {
      redis,
      prefix: PREFIX,
      clock: systemClock,
      onError: (error) => logger.debug({ error: messageOf(error) }, 'presence of workers'),
    },
    async close() {
      await feed.stop()
      await queue.close()
      redis.disconnect()
    },
  }
}
