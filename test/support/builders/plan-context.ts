import type { Verifications } from '../../../src/domain/backup/verification.ts'
import type { ClusterSnapshot } from '../../../src/domain/cluster/cluster.ts'
import type { OperationRecord } from '../../../src/domain/operation/operation.ts'
import type { RecoveryRecord } from '../../../src/domain/recovery/recovery.ts'
import type { PlanContext } from '../../../src/operations/context.ts'
import { clusterOf } from './cluster.ts'
import { layout } from './layout.ts'
import { NOW } from './observed.ts'

/** What `check` and `plan` see of a healthy cluster that db1 leads, but for what is changed. */
export function planContext<Input extends object>(
  input: Input,
  fields: Partial<Input>,
  changes: Partial<ClusterSnapshot> = {},
  earlier: readonly OperationRecord[] = [],
  recoveries: readonly RecoveryRecord[] = [],
  verifications: Verifications = new Map(),
  active: ReadonlySet<string> = new Set(),
): PlanContext<Input> {
  return {
    input: Object.assign(input, fields),
    cluster: clusterOf(changes),
    layout,
    now: NOW,
    earlier,
    recoveries,
    active,
    verifications,
  }
}
