import type { OperationRecord } from '../domain/operation/operation.ts'
import { laneOf } from './operation-lane.ts'
import type { SubmitDependencies } from './submit-dependencies.ts'

/** Recorded is acknowledged: should the queue fail now, the worker's sweep enqueues it. */
export async function enqueue(
  { queue, registry, onEnqueueFailed }: Pick<SubmitDependencies, 'queue' | 'registry' | 'onEnqueueFailed'>,
  record: OperationRecord,
): Promise<void> {
  await queue.enqueue(record.id, laneOf(record, registry)).catch((error: unknown) => onEnqueueFailed(record.id, error))
}
