import type { OperationRecord } from '../../domain/operation/operation.ts'
import { withRetry } from '../../domain/schedule/schedule.ts'
import type { ScheduleStore } from '../../events/schedules/schedule-store.ts'

/** A run that is done again counts as that run. */
export async function takeRetry(
  store: Pick<ScheduleStore, 'list' | 'change'>,
  of: OperationRecord,
  by: OperationRecord,
): Promise<void> {
  for (const record of await store.list(of.cluster)) {
    if (withRetry(record, of.id, by.id) === record) continue
    await store.change(of.cluster, record.schedule.name, (before) => before && withRetry(before, of.id, by.id))
  }
}
