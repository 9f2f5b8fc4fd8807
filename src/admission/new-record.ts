import { randomBytes } from 'node:crypto'
import type { Claim } from '../domain/operation/claim.ts'
import {
  type Actor,
  NO_PROGRESS,
  type OperationPlan,
  type OperationRecord,
  OperationStatus,
  type OperationStep,
  type Proposal,
  StepStatus,
} from '../domain/operation/operation.ts'
import type { AnyOperation } from '../operations/define-operation.ts'
import type { OperationInput } from '../operations/operation-input.ts'
import type { Retry } from './retry-point.ts'

/** "20261122T171311042-3f9a1c": sorts by time, can be read aloud, and has no ":" (BullMQ refuses it in a job id). */
export function newOperationId(now: Date): string {
  return `${now.toISOString().replace(/[-:.Z]/g, '')}-${randomBytes(3).toString('hex')}`
}

/** As it is queued, or proposed. */
export function newRecord(
  definition: AnyOperation,
  request: {
    input: OperationInput
    actor: Actor
    retry: Retry | null
    cluster: string
    fields: Readonly<Record<string, unknown>>
    plan: OperationPlan
    claims: readonly Claim[]
    now: Date
    /** Null: it is to run. */
    proposal: Proposal | null
  },
): OperationRecord {
  return {
    id: newOperationId(request.now),
    kind: definition.name,
    cluster: request.cluster,
    status: request.proposal === null ? OperationStatus.QUEUED : OperationStatus.PROPOSED,
    input: request.fields,
    reason: request.input.reason ?? null,
    requestedBy: request.actor,
    proposal: request.proposal,
    idempotencyKey: request.input.idempotencyKey ?? null,
    requestedAt: request.now.toISOString(),
    startedAt: null,
    finishedAt: null,
    plan: request.plan,
    claims: request.claims,
    steps: pendingSteps(definition, request.retry),
    progress: NO_PROGRESS,
    error: null,
    result: null,
    cancellable: true,
    attempt: 0,
    retryOf: request.retry?.of.id ?? null,
    state: request.retry?.from ? request.retry.of.state : {},
    sequence: 0,
  }
}

/** As they are before the first is begun. */
export function pendingSteps({ steps }: AnyOperation, retry: Retry | null): OperationStep[] {
  const from = retry?.from ? steps.findIndex(({ name }) => name === retry.from) : 0
  return steps.map(({ name, title }, index) => ({
    name,
    title,
    status: index < from ? StepStatus.SKIPPED : StepStatus.PENDING,
    startedAt: null,
    finishedAt: null,
    progress: null,
    message: index < from ? `done by ${retry?.of.id}` : null,
  }))
}
