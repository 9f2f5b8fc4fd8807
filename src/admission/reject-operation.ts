import { NotFoundError } from '../domain/errors.ts'
import { type Actor, OperationStatus } from '../domain/operation/operation.ts'
import { accepted, refused } from './answers.ts'
import { whyUndecidable } from './approve-operation.ts'
import type { OperationAnswer } from './operation-service.ts'
import { requirePermission } from './permissions.ts'
import type { SubmitDependencies } from './submit-dependencies.ts'

/** Ends a proposal. Rejecting what was rejected is success. Throws NotFoundError and ForbiddenError. */
export async function rejectOperation(
  { log, registry, now }: Pick<SubmitDependencies, 'log' | 'registry' | 'now'>,
  { operationId, reason, actor }: { operationId: string; reason: string | null; actor: Actor },
): Promise<OperationAnswer> {
  requirePermission(actor, 'rejectOperation', registry)
  const because = reason === null || reason === '' ? '' : `: ${reason}`
  const rejected = await log.append({
    operationId,
    body: { type: 'OperationRejected', decision: { by: actor, reason } },
    message: `Rejected by ${actor.name}${because}`,
    when: ({ status }) => status === OperationStatus.PROPOSED,
  })
  if (rejected !== null) return accepted(rejected)
  const record = await log.get(operationId)
  if (record === null) throw new NotFoundError(`there is no operation ${operationId}`)
  if (record.status === OperationStatus.REJECTED) return accepted(record)
  return refused(whyUndecidable(record, now()), record.plan)
}
