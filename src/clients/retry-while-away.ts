import { messageOf, WaitTimeoutError } from '../domain/errors.ts'
import type { Clock } from '../shared/clock.ts'
import { retryUntil } from '../shared/retry.ts'

/** How long a container, or Docker itself, may be away before what it was asked is given up. */
const AWAY_MS = 60_000

/** Repeats a call that can be repeated for as long as it fails with an error that calls itself retryable. */
export function patiently<T>(what: string, clock: Clock, attempt: () => Promise<T>): Promise<T> {
  return retryUntil({
    attempt,
    until: () => true,
    onTimeout: ({ error, waitedMs }) => new WaitTimeoutError(what, messageOf(error), waitedMs),
    timeoutMs: AWAY_MS,
    intervalMs: 500,
    clock,
  })
}
