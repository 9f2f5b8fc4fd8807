import { setTimeout as delay } from 'node:timers/promises'

/** Time, as a dependency: what waits or measures takes one of these, so that a test can hold it still. */
export interface Clock {
  /** Wall-clock time: for people and for comparing with what other systems wrote. */
  now(): Date
  /** Milliseconds from an arbitrary point, never going back: for durations. */
  elapsedMs(): number
  /** Resolves after `ms`; rejects at once with an AbortError when the signal is, or becomes, aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Calls `run` every `ms` until the returned function is called. */
  every(ms: number, run: () => void): () => void
}

export const systemClock: Clock = {
  now: () => new Date(),
  elapsedMs: () => performance.now(),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, signal === undefined ? {} : { signal })
  },
  every: (ms, run) => {
    const timer = setInterval(run, ms)
    return () => clearInterval(timer)
  },
}
