import { NotFoundError } from '../domain/errors.ts'
import { hasEnded, type RecoveryRecord } from '../domain/recovery/recovery.ts'
import type { Redis } from '../shared/redis.ts'
import { logKeys } from './log-keys.ts'
import type { RecoveryFeed, RecoveryStore } from './recovery-store.ts'
import type { StreamEntry } from './stored-event.ts'

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

const PAGE = 200
const BLOCK_MS = 5_000
const RETRY_MS = 200
const START = '0-0'

/** One blocking reader a process, which says only what has changed: a follower reads the record itself. */
export function createRecoveryFeed({ store, blockingRedis, prefix, onError }: RecoveryFeedOptions): RecoveryFeed {
  const keys = logKeys(prefix)
  const followers = new Set<Follower>()
  let cursor: string | null = null
  let reading: Promise<void> = Promise.resolve()
  let stopped = false

  async function readNews(): Promise<void> {
    if (cursor === null) {
      const last = (await blockingRedis.xrevrange(
        keys.recoveryChanges,
        '+',
        '-',
        'COUNT',
        1,
      )) as unknown as StreamEntry[]
      cursor = last[0]?.[0] ?? START
      // What was written between a follower's first read and this position has been told to nobody.
      for (const follower of followers) follower.changed()
    }
    const answer = (await blockingRedis.xread(
      'COUNT',
      PAGE,
      'BLOCK',
      BLOCK_MS,
      'STREAMS',
      keys.recoveryChanges,
      cursor,
    )) as [string, StreamEntry[]][] | null
    const entries = answer?.[0]?.[1] ?? []
    const changed = new Set(entries.map(([, fields]) => fields[1]))
    cursor = entries.at(-1)?.[0] ?? cursor
    for (const follower of followers) if (changed.has(follower.id)) follower.changed()
  }

  async function read(): Promise<void> {
    while (!stopped) {
      try {
        await readNews()
      } catch (error) {
        if (stopped) return
        onError(error)
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
  }

  return {
    start() {
      reading = read()
    },
    async stop() {
      stopped = true
      blockingRedis.disconnect()
      for (const follower of followers) follower.changed()
      await reading
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
