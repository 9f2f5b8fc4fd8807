import { NotFoundError } from '../domain/errors.ts'
import type { Actor, OperationRecord, Proposal } from '../domain/operation/operation.ts'
import type { OperationInput } from '../operations/operation-input.ts'
import { accepted, refused } from './answers.ts'
import type { ApprovalRules } from './approval-rules.ts'
import { enqueue } from './enqueue.ts'
import { newRecord } from './new-record.ts'
import type { OperationAnswer } from './operation-service.ts'
import { requireRequest } from './permissions.ts'
import { planRequest } from './plan-request.ts'
import { operationFields, requestFingerprint } from './request-fingerprint.ts'
import { describeRetry, type Retry } from './retry-point.ts'
import type { SubmitDependencies } from './submit-dependencies.ts'
import {
  clusterRequired,
  excluded,
  isReserved,
  keyConflict,
  reservedKey,
  TO_PROPOSE,
  unapproved,
  unconfirmed,
  unknownCluster,
} from './submit-refusals.ts'

/** Checks, plans, records and enqueues one operation, or records it as a proposal. Throws NotFoundError and ForbiddenError. */
export async function submitOperation(
  dependencies: SubmitDependencies,
  request: { kind: string; input: OperationInput; actor: Actor; retry: Retry | null },
): Promise<OperationAnswer> {
  const { registry, log, clusters, approvals } = dependencies
  const { input, actor, retry } = request
  const definition = registry.get(request.kind)
  if (definition === undefined) throw new NotFoundError(`there is no operation "${request.kind}"`)
  requireRequest(actor, definition, input, registry)
  const isProposal = input.propose === true

  const known = [...clusters.keys()]
  if (input.cluster == null && known.length > 1) return refused([clusterRequired(known)])
  const name = input.cluster ?? known[0] ?? ''
  const cluster = clusters.get(name)
  if (cluster === undefined) return refused([unknownCluster(name, known)])

  const key = input.idempotencyKey ?? null
  if (key !== null && isReserved(key, actor)) return refused([reservedKey(key)])
  const isDry = input.dryRun === true
  if (key !== null && !isDry) {
    const earlier = await log.findByIdempotencyKey(key)
    if (earlier !== null) {
      const print = requestFingerprint(definition.name, name, operationFields(input))
      if (earlier.fingerprint !== keyed(print, isProposal)) return refused([keyConflict(key, earlier.operationId)])
      return accepted(await log.get(earlier.operationId))
    }
  }

  const { plan, claims, fields, fingerprint, ...planned } = await planRequest(dependencies, definition, {
    input,
    cluster,
  })
  const toPropose = retry === null ? TO_PROPOSE.REQUEST : TO_PROPOSE.RETRY
  const refusals = [
    ...planned.refusals,
    ...(isDry ? (await log.holders(name, claims)).map(excluded) : []),
    // Who approves a proposal has read its plan, and names it.
    ...(isDry || isProposal
      ? []
      : [...unconfirmed(definition, input, name), ...unapproved(definition, approvals, toPropose)]),
  ]
  if (refusals.length > 0 || isDry) return { operation: null, plan, refusals }

  const now = dependencies.now()
  const record = newRecord(definition, {
    input,
    actor,
    retry,
    cluster: name,
    fields,
    plan,
    claims,
    now,
    proposal: isProposal ? proposalUntil(approvals, now) : null,
  })
  const created = await log.create({
    record,
    fingerprint: keyed(fingerprint, isProposal),
    message: messageOf(record, retry),
  })
  switch (created.outcome) {
    case 'KEY_CONFLICT':
      return refused([keyConflict(key ?? '', created.operationId)], plan)
    case 'EXCLUDED':
      return refused([excluded(created.record)], plan)
    case 'EXISTING':
      return accepted(created.record)
    case 'CREATED':
      if (!isProposal) await enqueue(dependencies, record)
      return accepted(created.record)
  }
}

/** What a key stands for: a proposal of an operation is not that operation. */
const keyed = (fingerprint: string, isProposal: boolean) => (isProposal ? `proposed ${fingerprint}` : fingerprint)

function messageOf({ plan, proposal }: OperationRecord, retry: Retry | null): string {
  if (proposal !== null) return `Proposed: ${plan.summary}`
  return retry === null ? plan.summary : `${describeRetry(retry)}: ${plan.summary}`
}

const proposalUntil = ({ expireSeconds }: ApprovalRules, now: Date): Proposal => ({
  expiresAt: new Date(now.getTime() + expireSeconds * 1000).toISOString(),
  decision: null,
})
