import pg from 'pg'
import { LoginRefusedError } from '../../domain/cluster/login-refusal.ts'
import { messageOf, WaitTimeoutError } from '../../domain/errors.ts'
import { sessionOptions } from '../../domain/session-settings.ts'
import type { Clock } from '../../shared/clock.ts'
import { loginErrorOf } from './classify-login.ts'

/** For how long writes through HAProxy failed. */
export type WriteOutage = Outage

/** Writes through HAProxy all along, as an application would, until it is stopped. What it measures decides nothing. */
export type RunningWriteProbe = RunningProbe

export interface WriteProbe {
  start(): RunningWriteProbe
}

/** For how long writes failed. */
export interface Outage {
  /** Seconds from the last write that succeeded before to the first one after; 0 when none failed. */
  readonly seconds: number
  readonly failedWrites: number
  readonly writes: number
}

/**
 * Writes all along, until it is stopped. Where its role may not log in, a wait rejects with LoginRefusedError: at once where
 * waiting does not help, else at its end.
 */
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
  const address = `${target.host}:${target.port}`
  let stopped = false
  let client: pg.Client | null = null
  let writes = 0
  let failedWrites = 0
  let longestMs = 0
  let lastSuccess: number | null = null
  let failing = false
  let lastError: unknown = 'nothing was written yet'
  /** When the newest write that failed began. */
  let failedBegan = Number.NEGATIVE_INFINITY
  /** When the newest successful write began. */
  let newestBegan = Number.NEGATIVE_INFINITY

  const connect = async () => {
    const next = new pg.Client({
      ...target,
      database: 'postgres',
      application_name: 'howdah write probe',
      options: sessionOptions(),
      connectionTimeoutMillis: WRITE_TIMEOUT_MS,
      query_timeout: WRITE_TIMEOUT_MS,
      statement_timeout: WRITE_TIMEOUT_MS,
    })
    next.on('error', () => {
      if (client === next) client = null
    })
    try {
      await next.connect()
    } catch (error) {
      throw loginErrorOf(address, target.user, error)
    }
    client = next
    return next
  }
  const drop = () => {
    const broken = client
    client = null
    // The server may be gone: do not wait for it to close.
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
      lastError = error
      failedBegan = began
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
      const over = stopped || waitedMs > timeoutMs
      if (failedBegan >= from && lastError instanceof LoginRefusedError && (over || !lastError.refusal.passing)) {
        throw lastError
      }
      if (over) throw new WaitTimeoutError(`a write through ${address}`, messageOf(lastError), waitedMs)
      await clock.sleep(10)
    }
  }
  const ready = untilWritable(READY_MS)
  // A caller that does not wait for it does not want its rejection either.
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
