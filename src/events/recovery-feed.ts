import type { RecoveryRecord } from '../domain/recovery.ts'

/** A subscriber of recoveries. */
export interface RecoveryFeed {
  /** Begins to read; subscribers wait until Redis is there. */
  start(): void
  stop(): Promise<void>
  /**
   * A recovery as it is now, then each time it has changed; ends after it has ended. Changes that come faster than they
   * are read are one, and the last state is never missed. Throws NotFoundError for an unknown one.
   */
  follow(id: string): AsyncIterableIterator<RecoveryRecord>
}
