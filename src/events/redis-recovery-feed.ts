import { NotFoundError } from '../domain/errors.ts'
import { hasEnded, type RecoveryRecord } from '../domain/recovery/recovery.ts'
import type { Redis } from '../shared/redis.ts'
import { logKeys } from './log-keys.ts'
import type { RecoveryFeed, RecoveryStore } from './recovery-store.ts'
import { createStreamReader } from './stream-reader.ts'

export interface RecoveryFeedOptions {
  readonly store: RecoveryStore
  /** For the one blocking read: a connection of its own, which waits while Redis is away. */
  readonly blockingRedis: Redis
  readonly prefix: string
  /** Told of each failure of the blocking read, which then goes on by itself. */
  readonly onError: (error: unknown) => void
}

interface Follower {
  readonly id: string
  changed(): void
}

/** One blocking reader a process, which says only what has changed: a follower reads the record itself. */
export function createRecoveryFeed({ store, blockingRedis, prefix, onError }: RecoveryFeedOptions): RecoveryFeed {
  const followers = new Set<Follower>()
  let stopped = false
  const reader = createStreamReader({
    blockingRedis,
    key: logKeys(prefix).recoveryChanges,
    // What was written between a follower's first read and this position has not been passed to any follower.
    onHead() {
      for (const follower of followers) follower.changed()
    },
    onEntries(entries) {
      const changed = new Set(entries.map(([, fields]) => fields[1]))
      for (const follower of followers) if (changed.has(follower.id)) follower.changed()
    },
    onError,
  })

  return {
    start: () => reader.start(),
    async stop() {
      stopped = true
      for (const follower of followers) follower.changed()
      await reader.stop()
    },
    follow(id) {
      // Listening begins before the first read, so that no change falls between the two.
      let fresh = true
      let ended = false
      let wake: () => void = () => {}
      let last: RecoveryRecord | null = null
      const follower: Follower = {
        id,
        changed() {
          fresh = true
          wake()
        },
      }
      followers.add(follower)
      const end = () => {
        ended = true
        followers.delete(follower)
        wake()
      }
      const pull = async (): Promise<IteratorResult<RecoveryRecord>> => {
        while (!ended && !stopped) {
          if (!fresh) {
            await new Promise<void>((resolve) => {
              wake = resolve
            })
            continue
          }
          fresh = false
          const record = await store.get(id)
          if (record === null) throw new NotFoundError(`there is no recovery ${id}`)
          if (JSON.stringify(record) === JSON.stringify(last)) continue
          last = record
          if (ended) break
          if (hasEnded(record)) end()
          return { done: false, value: record }
        }
        return { done: true, value: undefined }
      }
      return {
        next: () =>
          pull().catch((error: unknown) => {
            end()
            throw error
          }),
        async return() {
          end()
          return { done: true, value: undefined }
        },
        [Symbol.asyncIterator]() {
          return this
        },
      }
    },
  }
}
