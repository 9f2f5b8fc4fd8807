import type { ClusterClients } from '../clients/cluster-clients.ts'
import type { OwnedWriteProbe } from '../clients/postgres/own-write-probe.ts'
import type { Verifications } from '../domain/backup/verification.ts'
import type { ClusterSnapshot } from '../domain/cluster/cluster.ts'
import type { ClusterLayout } from '../domain/cluster/cluster-layout.ts'
import type { OperationRecord, Progress } from '../domain/operation/operation.ts'
import type { LogLevel } from '../domain/operation/operation-events.ts'
import type { RecoveryRecord } from '../domain/recovery/recovery.ts'

/** What a kind may read beside the snapshot; each costs a query. */
export enum PlanRead {
  /** `recoveries` and `active`. */
  RECOVERIES = 'RECOVERIES',
  /** `verifications`. */
  VERIFICATIONS = 'VERIFICATIONS',
}

/** What `check` and `plan` see: the input and the world as it is; they change nothing. */
export interface PlanContext<Input> {
  readonly input: Input
  readonly cluster: ClusterSnapshot
  readonly layout: ClusterLayout
  readonly now: Date
  /** Earlier operations of this kind that succeeded on this cluster, newest first, at most 20: for estimates. */
  readonly earlier: readonly OperationRecord[]
  /** The cluster's recoveries, newest first: for a kind that declares PlanRead.RECOVERIES. */
  readonly recoveries: readonly RecoveryRecord[]
  /** Ids of the operations that have not ended, of all clusters; read before the recoveries were; declared with them. */
  readonly active: ReadonlySet<string>
  /** How backups were last verified: for a kind that declares PlanRead.VERIFICATIONS. */
  readonly verifications: Verifications
}

/**
 * What a step works with. One plain type, filled by hand in the worker. `State` is the output of its kind's `state`
 * schema, in which every value is optional; a step that names none reads none.
 */
export interface StepContext<Input, State extends object = object> {
  readonly operation: OperationRecord
  readonly input: Input
  readonly layout: ClusterLayout
  /** The cluster as it is now; ask again after every wait. */
  cluster(): ClusterSnapshot
  readonly clients: Omit<ClusterClients, 'writeProbe'>
  /** Writes through HAProxy, as an application would. A probe may go on into a later step; it ends with the attempt at the latest. */
  readonly writeProbe: OwnedWriteProbe
  /** Recoveries, as this operation's attempt may change them. */
  readonly recoveries: StepRecoveries
  /** How backups were last verified. */
  verifications(): Promise<Verifications>
  /** Another operation's record, for an operation that settles what it left; null when unknown. */
  findOperation(id: string): Promise<OperationRecord | null>
  /** What earlier steps and earlier attempts of this one kept. */
  state(): Readonly<State>
  /** Keeps values for later steps and for a worker that takes over; durable when the promise resolves. */
  keep(state: Readonly<State>, message: string): Promise<void>
  /** Bytes and percent; what is left out is null. Written at a bounded rate, the last one always. */
  progress(progress: Partial<Progress>): void
  /** Logs a line for subscribers; `state` is saved together with it, so that it is logged exactly once. */
  log(message: string, level?: LogLevel, state?: Readonly<State>): void
  /**
   * Throws LostOperationError when another worker has the operation, or this attempt no longer holds its lock in etcd.
   * Called for a step that is irreversible; a step that does several irreversible things calls it before each.
   */
  checkFence(): Promise<void>
  /** Aborted on cancel and when this worker loses or hands over the operation. */
  readonly signal: AbortSignal
  /** Resolves after `ms`, rejects at once when the signal is aborted. */
  sleep(ms: number): Promise<void>
  readonly now: () => Date
}

/** Recoveries as a step sees them: refused with LostOperationError when another attempt has the operation. */
export interface StepRecoveries {
  /** All of the operation's cluster, newest first. */
  list(): Promise<readonly RecoveryRecord[]>
  /** Throws NotFoundError. */
  get(id: string): Promise<RecoveryRecord>
  /** Records the one that this operation begins, under the operation's id; already recorded is success. */
  begin(
    record: Omit<RecoveryRecord, 'id' | 'cluster' | 'createdAt' | 'updatedAt' | 'operationId'>,
  ): Promise<RecoveryRecord>
  change(
    id: string,
    patch: Partial<Omit<RecoveryRecord, 'id' | 'cluster' | 'createdAt' | 'updatedAt' | 'operationId'>>,
  ): Promise<RecoveryRecord>
}
