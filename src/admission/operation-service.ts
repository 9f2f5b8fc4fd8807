import type { Actor, OperationPlan, OperationRecord } from '../domain/operation/operation.ts'
import type { Refusal } from '../domain/refusal.ts'
import type { OperationInput } from '../operations/operation-input.ts'

/** The answer to every mutation. */
export interface OperationAnswer {
  /** Null on a dry run or a refusal. */
  readonly operation: OperationRecord | null
  readonly plan: OperationPlan | null
  readonly refusals: readonly Refusal[]
}

/** Takes requests for operations: checks, plans, records and enqueues; answers in milliseconds and does no work. */
export interface OperationService {
  submit(kind: string, input: OperationInput, actor: Actor): Promise<OperationAnswer>
  /** Queues a proposal, whose plan has to be still the one with this fingerprint. Approving twice is success. */
  approve(
    operationId: string,
    decision: { ifPlan: string; reason: string | null },
    actor: Actor,
  ): Promise<OperationAnswer>
  /** Ends a proposal without having run it. Rejecting twice is success. */
  reject(operationId: string, reason: string | null, actor: Actor): Promise<OperationAnswer>
  /** Ends a queued operation at once; asks a running one to stop, which its worker does within seconds. */
  cancel(operationId: string, reason: string | null, actor: Actor): Promise<OperationAnswer>
  /** Runs a failed, cancelled or interrupted operation again as a new one (`retryOf`), from the failed step if it can. */
  retry(operationId: string, reason: string | null, actor: Actor): Promise<OperationAnswer>
}
