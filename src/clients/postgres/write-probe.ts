import pg from 'pg'
import { messageOf, WaitTimeoutError } from '../../domain/errors.ts'
import type { Clock } from '../../shared/clock.ts'

/** For how long writes failed. */
export interface Outage {
  /** Seconds from the last write that succeeded before to the first one after; 0 when none failed. */
  readonly seconds: number
  readonly failedWrites: number
  readonly writes: number
}

/** Writes all along, until it is stopped. */
export interface RunningProbe {
  /** Resolves when the first write has succeeded; rejects with TIMEOUT when none does within 10 s. */
  readonly ready: Promise<void>
  /** Resolves when a write has succeeded that began after this call; rejects with TIMEOUT. */
  untilWritable(timeoutMs: number): Promise<void>
  /** The longest outage that was seen. */
  stop(): Promise<Outage>
}

export interface ProbeTarget {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
}

/**
 * A committed write of some bytes of WAL that leaves nothing in any table. On a standby, and while a commit waits for
 * standbys that are not there, it fails.
 */
const WRITE = "SELECT pg_logical_emit_message(true, 'howdah.probe', '')"
const INTERVAL_MS = 50
const WRITE_TIMEOUT_MS = 1_000
const READY_MS = 10_000

/** Begins to write through the address that applications use. */
export function startWriteProbe({ target, clock }: { target: ProbeTarget; clock: Clock }): RunningProbe {
  let stopped = false
  let client: pg.Client | null = null
  let writes = 0
  let failedWrites = 0
  let longestMs = 0
  let lastSuccess: number | null = null
  let failing = false
  let lastError = 'nothing was written yet'
  /** When the newest successful write began. */
  let newestBegan = Number.NEGATIVE_INFINITY

  const connect = async () => {
    const next = new pg.Client({
      ...target,
      database: 'postgres',
      application_name: 'howdah write probe',
      connectionTimeoutMillis: WRITE_TIMEOUT_MS,
      query_timeout: WRITE_TIMEOUT_MS,
      statement_timeout: WRITE_TIMEOUT_MS,
    })
    next.on('error', () => {
      if (client === next) client = null
    })
    await next.connect()
    client = next
    return next
  }
  const drop = () => {
    const broken = client
    client = null
    // The server may be gone: nobody waits for a good-bye.
    void broken?.end().catch(() => {})
  }
  const write = async () => {
    const began = clock.elapsedMs()
    try {
      await (client ?? (await connect())).query(WRITE)
      writes += 1
      newestBegan = began
      const now = clock.elapsedMs()
      if (failing && lastSuccess !== null) longestMs = Math.max(longestMs, now - lastSuccess)
      failing = false
      lastSuccess = now
    } catch (error) {
      drop()
      lastError = messageOf(error)
      if (lastSuccess !== null) failedWrites += 1
      failing = true
    }
  }
  const running = (async () => {
    while (!stopped) {
      await write()
      await clock.sleep(INTERVAL_MS)
    }
    drop()
  })()

  const untilWritable = async (timeoutMs: number) => {
    const from = clock.elapsedMs()
    while (newestBegan < from) {
      const waitedMs = clock.elapsedMs() - from
      if (stopped || waitedMs > timeoutMs) {
        throw new WaitTimeoutError(`a write through ${target.host}:${target.port}`, lastError, waitedMs)
      }
      await clock.sleep(10)
    }
  }
  const ready = untilWritable(READY_MS)
  // Whoever does not wait for it does not want to hear of it either.
  ready.catch(() => {})

  return {
    ready,
    untilWritable,
    stop: async () => {
      stopped = true
      await running
      const open = failing && lastSuccess !== null ? clock.elapsedMs() - lastSuccess : 0
      return { seconds: Math.max(longestMs, open) / 1000, failedWrites, writes }
    },
  }
}
