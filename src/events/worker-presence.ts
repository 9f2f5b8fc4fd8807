import { BEAT_MS, type WorkerPresence } from '../domain/operation/worker-presence.ts'
import type { Clock } from '../shared/clock.ts'
import type { Redis } from '../shared/redis.ts'
import { guard } from './event-errors.ts'
import { logKeys } from './log-keys.ts'

export interface PresenceOptions {
  readonly redis: Redis
  readonly prefix: string
  readonly clock: Clock
  /** Told of each failure; the next beat or look is made all the same. */
  readonly onError: (error: unknown) => void
}

/** Says that a worker is there, at once and again and again, until the returned function is called. */
export function beatAsWorker({ redis, prefix, clock, onError }: PresenceOptions): () => void {
  const key = logKeys(prefix).workers
  const beat = () => {
    // In seconds, by the clock of Redis, which all who write and read here share.
    const time = redis.time().then(([seconds]) => redis.set(key, String(seconds)))
    guard(time).catch(onError)
  }
  beat()
  return clock.every(BEAT_MS, beat)
}

/** The workers as the newest look found them. */
export interface PresenceWatch {
  /** Null until the first look, and while Redis does not answer. */
  current(): WorkerPresence | null
  stop(): void
}

/** Looks again and again whether a worker is there. */
export function watchWorkers(
  { redis, prefix, clock, onError }: PresenceOptions,
  active: () => Promise<readonly string[]>,
): PresenceWatch {
  const key = logKeys(prefix).workers
  let known: WorkerPresence | null = null
  const look = async () => {
    const [[seconds], said, waiting] = await Promise.all([guard(redis.time()), guard(redis.get(key)), active()])
    // How long ago, by the clock of Redis; when that was, by ours.
    const agoMs = said === null ? null : (Number(seconds) - Number(said)) * 1000
    return { seenAt: agoMs === null ? null : new Date(clock.now().getTime() - agoMs), waiting: waiting.length }
  }
  const run = () => {
    look().then(
      (found) => {
        known = found
      },
      (error: unknown) => {
        known = null
        onError(error)
      },
    )
  }
  run()
  return { current: () => known, stop: clock.every(BEAT_MS, run) }
}
