import { Redis, type RedisOptions } from 'ioredis'

export interface RedisSettings {
  /** "redis://redis:6379". */
  readonly url: string
  readonly password: string | null
}

/**
 * A connection that comes back by itself. Commands on it fail within two seconds while Redis is away, so that a caller
 * gets an error at once and is not queued; a `patient` one (blocking readers, BullMQ) waits for as long as it takes.
 */
export function connectRedis(settings: RedisSettings, mode: 'prompt' | 'patient'): Redis {
  const options: RedisOptions = {
    ...(settings.password === null ? {} : { password: settings.password }),
    lazyConnect: false,
    connectTimeout: 2_000,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 5), 1_000),
    ...(mode === 'patient'
      ? { maxRetriesPerRequest: null }
      : {
          maxRetriesPerRequest: 1,
          commandTimeout: 2_000,
          enableOfflineQueue: false,
          autoResendUnfulfilledCommands: false,
        }),
  }
  const redis = new Redis(settings.url, options)
  // Every failure also reaches the caller of a command; without a listener ioredis prints to the console instead.
  redis.on('error', () => {})
  return redis
}

export type { Redis }
