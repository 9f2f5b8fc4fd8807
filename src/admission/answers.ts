import type { OperationPlan, OperationRecord } from '../domain/operation/operation.ts'
import type { Refusal } from '../domain/refusal.ts'
import type { OperationAnswer } from './operation-service.ts'

export function accepted(operation: OperationRecord | null): OperationAnswer {
  return { operation, plan: operation?.plan ?? null, refusals: [] }
}

export function refused(refusals: readonly Refusal[], plan: OperationPlan | null = null): OperationAnswer {
  return { operation: null, plan, refusals }
}
