import type { Clock } from './clock.ts'

/** The last thing that a wait saw: a value that was not enough, or an error; neither when it never got that far. */
export interface LastSeen<T> {
  readonly value: T | null
  readonly error: unknown
  readonly waitedMs: number
}

export interface RetryUntil<T> {
  readonly attempt: (signal: AbortSignal | undefined) => Promise<T>
  /** Whether that is what was waited for. */
  readonly until: (value: T) => boolean
  /** Makes the error of a wait that ended without it; it names what was waited for and what was last seen. */
  readonly onTimeout: (last: LastSeen<T>) => Error
  /** Milliseconds, from the first attempt. */
  readonly timeoutMs: number
  readonly intervalMs?: number
  /** Errors that are worth another attempt; all others end the wait. By default those that call themselves retryable. */
  readonly retryError?: (error: unknown) => boolean
  readonly clock: Clock
  readonly signal?: AbortSignal
}

/**
 * Tries until the predicate holds or the time is over. Throws what `onTimeout` makes, the first error that is not worth
 * another attempt, or an AbortError when the signal is aborted.
 */
export async function retryUntil<T>(request: RetryUntil<T>): Promise<T> {
  const { clock, signal, timeoutMs, intervalMs = 200, retryError = isRetryable } = request
  const startedAt = clock.elapsedMs()
  let last: { value: T | null; error: unknown } = { value: null, error: null }
  for (;;) {
    signal?.throwIfAborted()
    try {
      const value = await request.attempt(signal)
      if (request.until(value)) return value
      last = { value, error: null }
    } catch (error) {
      if (signal?.aborted === true || !retryError(error)) throw error
      last = { value: last.value, error }
    }
    const waitedMs = clock.elapsedMs() - startedAt
    if (waitedMs + intervalMs > timeoutMs) throw request.onTimeout({ ...last, waitedMs })
    await clock.sleep(intervalMs, signal)
  }
}

function isRetryable(error: unknown): boolean {
  return error instanceof Error && 'retryable' in error && error.retryable === true
}

/** Grows from failure to failure, starts over after a success; spread a little, so that many do not retry in step. */
export interface Backoff {
  /** Milliseconds to wait before the next attempt. */
  next(): number
  reset(): void
}

export function createBackoff(options: { initialMs: number; maxMs: number; random?: () => number }): Backoff {
  const { initialMs, maxMs, random = Math.random } = options
  let failures = 0
  return {
    next: () => {
      const ceiling = Math.min(maxMs, initialMs * 2 ** failures)
      failures += 1
      return ceiling * (0.75 + random() * 0.25)
    },
    reset: () => {
      failures = 0
    },
  }
}
