import type { RecoveryRecord } from '../domain/recovery/recovery.ts'

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

/** What a step may change of a recovery. */
export type RecoveryPatch = Partial<Omit<RecoveryRecord, 'id' | 'cluster' | 'createdAt' | 'updatedAt' | 'operationId'>>

/** The recoveries of every cluster, in Redis. Every call throws LogUnavailableError while Redis is away. */
export interface RecoveryStore {
  get(id: string): Promise<RecoveryRecord | null>
  /** Newest first, all of them: a cluster has few. */
  list(cluster: string): Promise<readonly RecoveryRecord[]>
  /** Records a new one; one that is there already under this id stays as it is. Answers what is there. */
  create(record: RecoveryRecord, by: RecoveryAuthor): Promise<RecoveryRecord>
  /** Throws NotFoundError. */
  change(id: string, patch: RecoveryPatch, by: RecoveryAuthor): Promise<RecoveryRecord>
}

/** Who writes: refused with LostOperationError when the operation is in another attempt. */
export interface RecoveryAuthor {
  readonly operationId: string
  readonly attempt: number
}
