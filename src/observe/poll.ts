import type { Clock } from '../shared/clock.ts'
import { createLatch } from './latch.ts'
import type { FirstLook, Source } from './source.ts'

/** Runs one thing at intervals, never twice at a time: a run that hangs delays the next instead of piling up. */
export interface Poll extends Source {
  readonly firstLook: FirstLook
  /** Runs it now rather than at its time; resolves when a run that began after this call has ended. */
  now(): Promise<void>
}

export interface PollDeps {
  /** What is looked at: "checks of patroni". */
  readonly at: string
  readonly clock: Clock
  /** Milliseconds from the end of a run to the start of the next; a function is asked after each run. */
  readonly intervalMs: number | (() => number)
  /** Must end by itself within a bounded time, and handles its own failures. */
  readonly run: () => Promise<void>
}

export function createPoll({ at, clock, intervalMs, run }: PollDeps): Poll {
  const stopping = new AbortController()
  const firstRun = createLatch()
  const firstLook: FirstLook = { at, ended: firstRun.opened }
  let waiting: (() => void)[] = []
  let pause = new AbortController()
  let loop: Promise<void> | null = null

  const tellAll = (waiters: readonly (() => void)[]) => {
    for (const tell of waiters) tell()
  }
  const work = async () => {
    while (!stopping.signal.aborted) {
      const served = waiting
      waiting = []
      await run().catch(() => {})
      firstRun.open()
      tellAll(served)
      if (waiting.length > 0) continue
      pause = new AbortController()
      const pauseMs = typeof intervalMs === 'number' ? intervalMs : intervalMs()
      await clock.sleep(pauseMs, AbortSignal.any([pause.signal, stopping.signal])).catch(() => {})
    }
    firstRun.open()
    tellAll(waiting)
  }

  return {
    firstLook,
    firstLooks: [firstLook],
    start: () => {
      loop ??= work()
    },
    stop: async () => {
      stopping.abort()
      await loop
      firstRun.open()
    },
    now: () => {
      if (stopping.signal.aborted) return Promise.resolve()
      return new Promise((resolve) => {
        waiting.push(resolve)
        pause.abort()
      })
    },
  }
}
