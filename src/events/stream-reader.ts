import type { Redis } from '../shared/redis.ts'
import type { StreamEntry } from './stored-event.ts'

export interface StreamReaderOptions {
  /** For the one blocking read: a connection of its own, which waits while Redis is away. */
  readonly blockingRedis: Redis
  readonly key: string
  /** Told once, before any entry: the position from which on entries are read. */
  readonly onHead: (cursor: string) => void
  /** In the order of the stream, never empty. */
  readonly onEntries: (entries: readonly StreamEntry[]) => void
  /** Told of each failure of a read, which then goes on by itself. */
  readonly onError: (error: unknown) => void
}

export interface StreamReader {
  start(): void
  /** Resolves once listeners are no longer called. Ends the connection. */
  stop(): Promise<void>
}

const PAGE = 200
const BLOCK_MS = 5_000
const RETRY_MS = 200
/** Before the first entry of any stream. */
export const STREAM_START = '0-0'

/** Follows a stream from its newest entry on: one blocking read a process, however many listen. */
export function createStreamReader({
  blockingRedis,
  key,
  onHead,
  onEntries,
  onError,
}: StreamReaderOptions): StreamReader {
  let cursor: string | null = null
  let stopped = false
  let reading: Promise<void> = Promise.resolve()

  async function readHead(): Promise<void> {
    cursor = await newestCursor(blockingRedis, key)
    onHead(cursor)
  }

  async function readNews(after: string): Promise<void> {
    const answer = (await blockingRedis.xread('COUNT', PAGE, 'BLOCK', BLOCK_MS, 'STREAMS', key, after)) as
      | [string, StreamEntry[]][]
      | null
    const entries = answer?.[0]?.[1] ?? []
    const newest = entries.at(-1)
    if (newest === undefined) return
    onEntries(entries)
    cursor = newest[0]
  }

  async function read(): Promise<void> {
    while (!stopped) {
      try {
        await (cursor === null ? readHead() : readNews(cursor))
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
      await reading
    },
  }
}

/** The position of a stream's newest entry; STREAM_START while it has none. */
export async function newestCursor(redis: Redis, key: string): Promise<string> {
  const last = (await redis.xrevrange(key, '+', '-', 'COUNT', 1)) as unknown as StreamEntry[]
  return last[0]?.[0] ?? STREAM_START
}
