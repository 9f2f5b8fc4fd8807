import type { Check } from '../../domain/backup.ts'
import type { RecoveryPoint, RestoreMethod } from '../../domain/recovery.ts'
import type { RecoveryTarget } from '../../domain/recovery-target.ts'
import type { DetachedRuns } from './barman-commands.ts'

/** How a recovered copy stands. */
export interface CopyStatus {
  /** ABSENT: no such directory. STOPPED: it is there, and its PostgreSQL does not run. */
  readonly state: 'ABSENT' | 'STOPPED' | 'STARTING' | 'REPLAYING' | 'PAUSED' | 'PROMOTED'
  readonly timeline: number | null
  /** Replayed up to here, as PostgreSQL writes it; null before it is known. */
  readonly lsn: string | null
  readonly reached: RecoveryPoint | null
  /** PAUSED because the archive ended, before anything that lies behind the target was found. */
  readonly atEnd: boolean
  /**
   * How many relations a transaction that is in progress at the target has locked for itself: while the copy is paused
   * nobody can read them.
   */
  readonly locks: number
  /** The last lines of PostgreSQL's log, for errors. */
  readonly lastLines: readonly string[]
}

/** What a replay needs to know. */
export interface ReplayRequest {
  readonly server: string
  readonly target: RecoveryTarget
  /** The timeline to follow. */
  readonly timeline: number
  readonly restoreMethod: RestoreMethod
}

/**
 * One recovered data directory and its PostgreSQL, outside Patroni, in one container (Barman's, or a node's). It archives
 * nothing, streams from nobody, and listens to the stack's network only when it is published. All calls are idempotent;
 * PostgreSQL runs detached, so that a worker that takes over finds it.
 */
export interface RecoveredCopy {
  readonly directory: string
  readonly runs: DetachedRuns
  /** Makes the directory's parent, and what the copy keeps to itself beside it. */
  prepare(): Promise<void>
  /** Bytes free on its volume, and bytes that the directory takes. */
  space(): Promise<{ readonly freeBytes: number; readonly usedBytes: number }>
  status(): Promise<CopyStatus>
  /** Starts PostgreSQL: it replays to the target and pauses there. */
  startReplay(request: ReplayRequest): Promise<void>
  /**
   * Lets role `rehearsal` in with this password, read-only, on this port of the container. False: the recovered data has
   * no such role, and nobody was let in.
   */
  publish(options: { readonly port: number; readonly password: string }): Promise<boolean>
  /** Checksums, pg_amcheck: each a check. Lines of progress are called back. */
  verify(onLine: (line: string) => void, signal: AbortSignal): Promise<readonly Check[]>
  /**
   * One statement in one database; rows as text. As role `rehearsal`, whoever may connect there, read-only, with a statement
   * timeout; it throws CopyQueryError rather than leave out rows that the role may not see.
   */
  query(database: string, sql: string, timeoutMs: number): Promise<readonly (readonly (string | null)[])[]>
  /**
   * Ends recovery where it was paused: the copy is on a timeline of its own, on which nothing is archived yet. Already
   * promoted is success, and one that does not run is left as it is.
   */
  promote(): Promise<void>
  /** A clean stop. Already stopped is success. */
  stop(): Promise<void>
  /** Stops it by force and removes the directory, and whatever was fetched for it. Already gone is success. */
  remove(): Promise<void>
}
