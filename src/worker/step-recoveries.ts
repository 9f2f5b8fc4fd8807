import { NotFoundError } from '../domain/errors.ts'
import type { OperationRecord } from '../domain/operation/operation.ts'
import { bareName } from '../domain/resource-id.ts'
import type { RecoveryStore } from '../events/recovery-store.ts'
import type { StepRecoveries } from '../operations/context.ts'
import type { Clock } from '../shared/clock.ts'
import { throughOutages } from './retry-while-redis-is-away.ts'

/** Recoveries as one attempt may write them. Every call waits while Redis is away. */
export function createStepRecoveries({
  store,
  clock,
  operation,
}: {
  readonly store: RecoveryStore
  readonly clock: Clock
  /** As its attempt began. */
  readonly operation: Pick<OperationRecord, 'id' | 'cluster' | 'attempt'>
}): StepRecoveries {
  const { id: operationId, cluster, attempt } = operation
  const by = { operationId, attempt }
  return {
    list: () => throughOutages(clock, () => store.list(cluster)),
    async get(id) {
      const record = await throughOutages(clock, () => store.get(bareName('Recovery', id)))
      if (record === null) throw new NotFoundError(`there is no recovery ${id}`)
      return record
    },
    begin(record) {
      const at = clock.now().toISOString()
      const begun = { ...record, id: operationId, cluster, createdAt: at, updatedAt: at, operationId }
      return throughOutages(clock, () => store.create(begun, by))
    },
    change: (id, patch) => throughOutages(clock, () => store.change(bareName('Recovery', id), patch, by)),
  }
}
