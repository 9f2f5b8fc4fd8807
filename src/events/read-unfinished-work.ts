import type { RecoveryRecord } from '../domain/recovery/recovery.ts'
import type { OperationLog } from './operation-log.ts'
import type { RecoveryStore } from './recovery-store.ts'

/**
 * The ids of the operations that have not ended, of all clusters, and the recoveries of one. In this order: an operation
 * that ends in between has left its recovery settled.
 */
export async function readUnfinishedWork(
  { log, recoveries }: { readonly log: Pick<OperationLog, 'active'>; readonly recoveries: Pick<RecoveryStore, 'list'> },
  cluster: string,
): Promise<{ readonly active: ReadonlySet<string>; readonly recoveries: readonly RecoveryRecord[] }> {
  const active = new Set(await log.active())
  return { active, recoveries: await recoveries.list(cluster) }
}
