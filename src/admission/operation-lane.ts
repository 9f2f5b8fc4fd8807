import { type OperationRecord, OperationStatus } from '../domain/operation/operation.ts'
import type { OperationRegistry } from '../operations/load-operations.ts'

/**
 * Where an operation waits for a worker. Each lane has slots of its own in every worker, so what is urgent never waits
 * behind operations that take hours, of whatever cluster.
 */
export enum OperationLane {
  ORDINARY = 'ORDINARY',
  URGENT = 'URGENT',
}

/**
 * URGENT for a kind that says so (`urgent`), and for what is being cancelled: undoing it must not wait until others have
 * ended. The same answer in every process, from the record alone.
 */
export function laneOf(
  { kind, status }: Pick<OperationRecord, 'kind' | 'status'>,
  registry: OperationRegistry,
): OperationLane {
  const isUrgent = registry.get(kind)?.urgent === true || status === OperationStatus.CANCELLING
  return isUrgent ? OperationLane.URGENT : OperationLane.ORDINARY
}
