import { NotFoundError } from '../domain/errors.ts'
import { type Actor, type OperationRecord, OperationStatus } from '../domain/operation/operation.ts'
import { decided } from '../domain/operation/operation-events.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { parseOperationInput } from '../operations/parse-operation-input.ts'
import { accepted, refused } from './answers.ts'
import { isSamePerson } from './approval-rules.ts'
import { enqueue } from './enqueue.ts'
import { pendingSteps } from './new-record.ts'
import type { OperationAnswer } from './operation-service.ts'
import { requirePermission } from './permissions.ts'
import { planRequest } from './plan-request.ts'
import type { SubmitDependencies } from './submit-dependencies.ts'
import { excluded, unknownCluster } from './submit-refusals.ts'

/**
 * Checks and plans a proposal again, and queues it where that is still the plan that was read. Approving what was approved is success.
 * Throws NotFoundError and ForbiddenError.
 */
export async function approveOperation(
  dependencies: SubmitDependencies,
  { operationId, ifPlan, reason, actor }: { operationId: string; ifPlan: string; reason: string | null; actor: Actor },
): Promise<OperationAnswer> {
  const { log, registry, clusters, approvals } = dependencies
  requirePermission(actor, 'approveOperation', registry)
  const record = await log.get(operationId)
  const definition = registry.get(record?.kind ?? '')
  if (record === null || definition === undefined) throw new NotFoundError(`there is no operation ${operationId}`)
  requirePermission(actor, record.kind, registry)
  const now = dependencies.now()
  if (record.proposal?.decision?.approved === true) return accepted(record)
  const speaksAgainst = [
    ...whyUndecidable(record, now),
    ...(approvals.distinct && isSamePerson(actor, record.requestedBy) ? [notDistinct(record)] : []),
  ]
  if (speaksAgainst.length > 0) return refused(speaksAgainst, record.plan)
  const cluster = clusters.get(record.cluster)
  if (cluster === undefined) return refused([unknownCluster(record.cluster, [...clusters.keys()])], record.plan)

  const { cluster: name, reason: why } = record
  const input = parseOperationInput(definition, { ...record.input, cluster: name, reason: why, confirm: name, ifPlan })
  const { plan, claims, refusals } = await planRequest(dependencies, definition, { input, cluster })
  if (refusals.length > 0) return refused(refusals, plan)

  const decision = { approved: true, by: actor, at: now.toISOString(), reason }
  // Howdah may know other steps than when it was proposed.
  const steps = pendingSteps(definition, null)
  const queued = { ...decided(record, decision), status: OperationStatus.QUEUED, plan, claims, steps }
  const because = reason === null || reason === '' ? '' : ` (${reason})`
  const admitted = await log.admit({ record: queued, message: `Approved by ${actor.name}${because}: ${plan.summary}` })
  switch (admitted.outcome) {
    case 'EXCLUDED':
      return refused([excluded(admitted.record)], plan)
    case 'DECIDED':
      // By another call of this one, or by another person.
      return admitted.record.proposal?.decision?.approved === true
        ? accepted(admitted.record)
        : refused(whyUndecidable(admitted.record, now), admitted.record.plan)
    case 'ADMITTED':
      await enqueue(dependencies, admitted.record)
      return accepted(admitted.record)
  }
}

/** None where it waits for a decision. */
export function whyUndecidable({ id, status, proposal }: OperationRecord, now: Date): Refusal[] {
  if (proposal === null) {
    return [refuse('NOT_PROPOSED', `operation ${id} was not proposed; it is ${status}`, null, 'id')]
  }
  if (status !== OperationStatus.PROPOSED) {
    return [refuse('ALREADY_ENDED', `the proposal ${id} is decided: it is ${status}`, 'Propose it again.', 'id')]
  }
  if (Date.parse(proposal.expiresAt) > now.getTime()) return []
  return [refuse('PROPOSAL_EXPIRED', `the proposal ${id} expired at ${proposal.expiresAt}`, 'Propose it again.', 'id')]
}

function notDistinct({ id, requestedBy }: OperationRecord): Refusal {
  return refuse(
    'APPROVER_NOT_DISTINCT',
    `${requestedBy.name} proposed ${id}, and must not approve it (approvals.distinct in configs/howdah.yml)`,
    'Have it approved with the token of another person.',
    null,
  )
}
