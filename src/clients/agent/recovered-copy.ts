import type { Tablespace } from '../../domain/backup/tablespace.ts'
import type { Check } from '../../domain/check.ts'
import type { RecoveryPoint, RestoreMethod } from '../../domain/recovery/recovery.ts'
import type { ReplayProof } from '../../domain/recovery/recovery-proof.ts'
import type { RecoveryTarget } from '../../domain/recovery/recovery-target.ts'
import type { Lsn } from '../../domain/wal/lsn.ts'

/** How a recovered copy stands. */
export interface CopyStatus {
  /** ABSENT: no such directory. STOPPED: it is there, and its PostgreSQL does not run, nor is it being started. */
  readonly state: 'ABSENT' | 'STOPPED' | 'STARTING' | 'REPLAYING' | 'PAUSED' | 'PROMOTED'
  readonly timeline: number | null
  /** Replayed up to here, as PostgreSQL writes it; null before it is known. */
  readonly lsn: string | null
  readonly reached: RecoveryPoint | null
  /** PAUSED because the archive ended, before any record past the target was found. */
  readonly atEnd: boolean
  /**
   * How many relations a transaction that is in progress at the target has locked for itself: while the copy is paused
   * no session can read them.
   */
  readonly locks: number
  /** The last lines of PostgreSQL's log since it was last started, for errors. */
  readonly lastLines: readonly string[]
  readonly wants: ReplayWants
}

/**
 * What the WAL asks for and the copy does not have. PostgreSQL pauses, or ends, where it is asked for more than it was started
 * with: this is not its target. Started again it has it.
 */
export interface ReplayWants {
  /** Parameters, and what they must be at the least: {"max_connections": 400}. */
  readonly settings: Readonly<Record<string, number>>
  /** Made in the WAL, at a place that the copy does not have yet. */
  readonly tablespace: Pick<Tablespace, 'oid' | 'location'> | null
}

/** One of the roles that the stack itself logs in with, as the running cluster has it. */
export interface StackRole {
  readonly name: string
  /** What its password is checked against, as pg_authid has it: as secret as a password. Null: it has none. */
  readonly verifier: string | null
  readonly connectionLimit: number
}

/** Names only: what they were set to is never shown. */
export interface RolesSet {
  /** Those that were not as they should be. */
  readonly set: readonly string[]
  /** The recovered data has no such role. */
  readonly missing: readonly string[]
  /** Event triggers that run at each login, and may keep a role out whatever its password is. */
  readonly loginTriggers: readonly string[]
}

/** What a replay needs to know. */
export interface ReplayRequest {
  readonly server: string
  readonly target: RecoveryTarget
  /** The timeline to follow. */
  readonly timeline: number
  readonly restoreMethod: RestoreMethod
  /** For a replay to the archive's end: how far that reached when it was begun. Of one that goes on growing this is enough. */
  readonly enough?: Lsn | null
}

/**
 * One recovered data directory and its PostgreSQL, outside Patroni. The data lies on the volume of one container (Barman's, or a
 * node's); its PostgreSQL runs in a sandbox that has that directory, no network, and nothing else. WAL is fetched for it, and
 * readers are passed on to it, by processes in the container itself. All calls are idempotent, and all of it outlives the worker,
 * so that one that takes over finds it.
 */
export interface RecoveredCopy {
  /** The data directory. */
  readonly directory: string
  /** Of the container, for readers. */
  readonly port: number
  /** Makes the root, and places for these tablespaces. */
  prepare(tablespaces: readonly Pick<Tablespace, 'oid' | 'location'>[]): Promise<void>
  /** Where a tablespace with this OID lies in the copy. */
  placeOf(oid: number): string
  /** Bytes free on its volume, and bytes that the copy takes. */
  space(): Promise<{ readonly freeBytes: number; readonly usedBytes: number }>
  status(): Promise<CopyStatus>
  /** Starts PostgreSQL, again if need be: it replays to the target and pauses there. */
  startReplay(request: ReplayRequest): Promise<void>
  /** Makes sure that WAL is fetched for a copy that replays: the fetcher may have died with its container. */
  keepFetching(request: Pick<ReplayRequest, 'server' | 'restoreMethod'>): Promise<void>
  /** The archive's records around a position. Throws RecoveredCopyError where the archive does not tell. */
  prove(request: Pick<ReplayRequest, 'server' | 'timeline' | 'target'> & { readonly lsn: string }): Promise<ReplayProof>
  /**
   * Lets role `rehearsal` in with this password, read-only, on its port. False: the recovered data has no such role.
   */
  publish(password: string): Promise<boolean>
  /** Checksums, pg_amcheck: each a check. Lines of progress are called back. */
  verify(onLine: (line: string) => void, signal: AbortSignal): Promise<readonly Check[]>
  /**
   * One statement in one database; rows as text. As role `rehearsal`, whatever CONNECT says, read-only, with a statement
   * timeout; it throws CopyQueryError rather than leave out rows that the role may not see.
   */
  query(database: string, sql: string, timeoutMs: number): Promise<readonly (readonly (string | null)[])[]>
  /**
   * Ends recovery where it was paused: the copy is on a timeline of its own, on which nothing is archived yet. Already
   * promoted is success, and one that does not run is left as it is.
   */
  promote(): Promise<void>
  /**
   * Sees to it that these roles get in with the passwords that they have in the running cluster, whatever they were at the
   * target: LOGIN, no end of validity, CONNECT, verifier. For a copy that is promoted and runs.
   */
  setRoles(roles: readonly StackRole[]): Promise<RolesSet>
  /** Stops it cleanly and for good: data that waits to take the cluster's place. Already so is success. */
  handOver(): Promise<void>
  /** A clean stop. Already stopped is success. */
  stop(): Promise<void>
  /** Ends its sandbox and what works for it; the data stays. Already so is success. */
  close(): Promise<void>
  /** Ends it by force and removes all of it. Already gone is success. */
  remove(): Promise<void>
}
