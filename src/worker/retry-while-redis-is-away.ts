import { LogUnavailableError } from '../events/event-errors.ts'
import type { Clock } from '../shared/clock.ts'

const REDIS_RETRY_MS = 250

/** Repeats a call for as long as Redis is away: what has begun is not given up for it. */
export async function throughOutages<T>(clock: Clock, call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof LogUnavailableError)) throw error
      await clock.sleep(REDIS_RETRY_MS)
    }
  }
}
