import type { OperationRecord, OperationResultReference } from '../../domain/operation/operation.ts'
import { bareName } from '../../domain/resource-id.ts'

/** The recovery that an operation made or worked on. */
export function recoveryResult({ cluster }: OperationRecord, recovery: string): OperationResultReference {
  return { type: 'Recovery', scope: cluster, name: bareName('Recovery', recovery) }
}
