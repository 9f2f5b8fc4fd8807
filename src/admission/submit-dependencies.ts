import type { ClusterLayout } from '../domain/cluster/cluster-layout.ts'
import type { WorkerPresence } from '../domain/operation/worker-presence.ts'
import type { OperationLog } from '../events/operation-log.ts'
import type { RecoveryStore } from '../events/recovery-store.ts'
import type { ScheduleStore } from '../events/schedules/schedule-store.ts'
import type { OperationRegistry } from '../operations/load-operations.ts'
import type { ApprovalRules } from './approval-rules.ts'
import type { OperationsQueue } from './operations-queue.ts'
import type { SettledSnapshots } from './settled-snapshots.ts'

/** A configured cluster as requests see it. */
export interface PlannedCluster {
  readonly layout: ClusterLayout
}

export interface SubmitDependencies {
  readonly registry: OperationRegistry
  readonly log: OperationLog
  readonly recoveries: RecoveryStore
  readonly schedules: Pick<ScheduleStore, 'list' | 'change'>
  readonly queue: OperationsQueue
  readonly clusters: ReadonlyMap<string, PlannedCluster>
  readonly snapshots: Pick<SettledSnapshots, 'current' | 'forPlan'>
  /** Null where that is not known, or does not matter. */
  readonly workers: () => WorkerPresence | null
  readonly approvals: ApprovalRules
  readonly now: () => Date
  /** Told when an operation was recorded but could not be enqueued: the worker's sweep will find it. */
  readonly onEnqueueFailed: (operationId: string, error: unknown) => void
}
