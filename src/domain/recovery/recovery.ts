import type { Check } from '../check.ts'
import type { RecoveryTargetInput } from './recovery-target.ts'
import type { RowEstimates } from './row-estimates.ts'

/** What a recovery is for. */
export enum RecoveryMode {
  /** Beside the running cluster, which is not touched. */
  REHEARSAL = 'REHEARSAL',
  /** Takes the place of the cluster once it is cut over. */
  IN_PLACE = 'IN_PLACE',
}

/** Of recovered data in a node's container; docker/compose.yml publishes it. */
export const RECOVERY_PORT = 54320

/** Where a recovery is. The last four are terminal, but for COMPLETED while it is undoable. */
export enum RecoveryStatus {
  RESTORING = 'RESTORING',
  REPLAYING = 'REPLAYING',
  VERIFYING = 'VERIFYING',
  READY = 'READY',
  CUTTING_OVER = 'CUTTING_OVER',
  COMPLETED = 'COMPLETED',
  UNDONE = 'UNDONE',
  DISCARDED = 'DISCARDED',
  FAILED = 'FAILED',
}

/** How archived WAL comes to a recovery. */
export enum RestoreMethod {
  /** Howdah's own: ahead of the replay, in parallel, over kept connections. */
  PREFETCH = 'PREFETCH',
  /** `barman get-wal` over SSH, a connection a segment. */
  GET_WAL = 'GET_WAL',
  /** `barman-wal-restore`. */
  BARMAN_WAL_RESTORE = 'BARMAN_WAL_RESTORE',
}

/** How to look at recovered data while it is READY. The password was made for this recovery alone and ends with it. */
export interface RecoveryConnectionInfo {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password: string
}

/** How far a recovery came. Source: PostgreSQL, after replay. Times are ISO 8601, UTC; the LSN is as PostgreSQL writes it. */
export interface RecoveryPoint {
  /** Of the last commit that was replayed; null when none was. */
  readonly time: string | null
  /** End of the last record that was replayed. */
  readonly lsn: string | null
  readonly xid: string | null
}

export interface RecoveryVerification {
  readonly at: string
  readonly passed: boolean
  readonly message: string | null
  readonly checks: readonly Check[]
}

/** Data that a cut-over put aside, whole, on the node's own volume. */
export interface PreviousData {
  readonly node: string
  readonly directory: string
  readonly timeline: number
  /** Where the cluster's writes ended: everything before is in the archive. */
  readonly endLsn: string
  readonly bytes: number | null
}

/**
 * One recovery, from its restore to its end. Its id is that of the operation that began it. Kept in Redis beside the
 * operations: never in the cluster, which a recovery rolls back. Times are ISO 8601, UTC.
 */
export interface RecoveryRecord {
  readonly id: string
  readonly cluster: string
  readonly mode: RecoveryMode
  readonly status: RecoveryStatus
  /** As it was asked for. */
  readonly target: RecoveryTargetInput
  /** Barman server. */
  readonly server: string
  readonly backupId: string
  /** The timeline that is followed to the target. */
  readonly targetTimeline: number
  readonly restoreMethod: RestoreMethod
  /** The service whose container holds the recovered data: "barman", or a node's. */
  readonly service: string
  /** The node that will lead after the cut-over; null for a rehearsal. */
  readonly node: string | null
  /** Of the recovered data, in that container. */
  readonly directory: string
  readonly createdAt: string
  readonly updatedAt: string
  /** When a rehearsal, or what waits for its cut-over, is discarded by itself; null: never. */
  readonly expiresAt: string | null
  readonly connection: RecoveryConnectionInfo | null
  readonly reached: RecoveryPoint | null
  /** The timeline that the recovered data is on; one further after its promotion. */
  readonly timeline: number | null
  readonly verification: RecoveryVerification | null
  readonly restoreSeconds: number | null
  readonly replaySeconds: number | null
  readonly verifySeconds: number | null
  /** How long writes failed in the cut-over; 0 for a rehearsal. */
  readonly downtimeSeconds: number | null
  readonly cutOverAt: string | null
  /** Of the recovered data, from when it was verified; null until then, and where it could not be asked. */
  readonly rowEstimates: RowEstimates | null
  /** Null when it is gone: the recovery is then not undoable. */
  readonly previous: PreviousData | null
  /** The operation that last changed it. */
  readonly operationId: string
}

const ENDED: ReadonlySet<RecoveryStatus> = new Set([
  RecoveryStatus.COMPLETED,
  RecoveryStatus.UNDONE,
  RecoveryStatus.DISCARDED,
  RecoveryStatus.FAILED,
])

/** Whether the recovery has ended. */
export function hasEnded({ status }: Pick<RecoveryRecord, 'status'>): boolean {
  return ENDED.has(status)
}

/** Whether an operation has to be at work on it: it is neither READY nor at its end. Where none is, it has to be settled. */
export function isUnsettled(record: Pick<RecoveryRecord, 'status'>): boolean {
  return !hasEnded(record) && record.status !== RecoveryStatus.READY
}

/** Whether the state at the cut-over can be brought back. */
export function isUndoable({ status, previous }: Pick<RecoveryRecord, 'status' | 'previous'>): boolean {
  return status === RecoveryStatus.COMPLETED && previous !== null
}

/**
 * Seconds from its beginning until its data was verified, and those for which writes failed in its cut-over: the recovery time
 * actual. The time for which it waited to be cut over is not in it. Null until it was verified.
 */
export function totalSecondsOf({
  createdAt,
  verification,
  downtimeSeconds,
}: Pick<RecoveryRecord, 'createdAt' | 'verification' | 'downtimeSeconds'>): number | null {
  if (verification === null) return null
  return (Date.parse(verification.at) - Date.parse(createdAt)) / 1000 + (downtimeSeconds ?? 0)
}

/** Its data is gone, or leads: what was estimated of it is compared with nothing any more, and would be kept for ever. */
export function withoutWhatIsOver(record: RecoveryRecord): RecoveryRecord {
  const { COMPLETED, UNDONE, DISCARDED, FAILED } = RecoveryStatus
  return [COMPLETED, UNDONE, DISCARDED, FAILED].includes(record.status) ? { ...record, rowEstimates: null } : record
}
