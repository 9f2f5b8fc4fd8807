import { NotFoundError } from '../domain/errors.ts'
import { type Actor, isTerminal, type OperationRecord, OperationStatus } from '../domain/operation/operation.ts'
import { refuse } from '../domain/refusal.ts'
import { parseOperationInput } from '../operations/parse-operation-input.ts'
import type { OperationAnswer } from './operation-service.ts'
import { requirePermission } from './permissions.ts'
import { stepToGoOnFrom } from './retry-point.ts'
import { bookRun } from './schedules/book-run.ts'
import { takeRetry } from './schedules/take-retry.ts'
import type { SubmitDependencies } from './submit-dependencies.ts'
import { submitOperation } from './submit-operation.ts'

/** What was proposed and not approved was never to run: it is proposed again. */
const wasToRun = ({ proposal }: OperationRecord) => proposal === null || proposal.decision?.approved === true

/**
 * Submits a failed, cancelled or interrupted operation again, as a new one: from the step that failed where
 * that step can tell how far it came and nothing before it was undone, else from the start. Throws NotFoundError and
 * ForbiddenError.
 */
export async function retryOperation(
  dependencies: SubmitDependencies,
  { operationId, reason, actor }: { operationId: string; reason: string | null; actor: Actor },
): Promise<OperationAnswer> {
  requirePermission(actor, 'retryOperation', dependencies.registry)
  const record = await dependencies.log.get(operationId)
  const definition = dependencies.registry.get(record?.kind ?? '')
  if (record === null || definition === undefined) throw new NotFoundError(`there is no operation ${operationId}`)
  requirePermission(actor, record.kind, dependencies.registry)
  if (!isTerminal(record.status) || record.status === OperationStatus.SUCCEEDED || !wasToRun(record)) {
    const message = `operation ${operationId} is ${record.status}; only what failed, was cancelled or was interrupted can be retried`
    return { operation: null, plan: record.plan, refusals: [refuse('NOT_RETRYABLE', message, null, 'id')] }
  }
  const fields = { ...record.input, cluster: record.cluster, reason, confirm: record.cluster }
  const input = parseOperationInput(definition, fields)
  const retry = { of: record, from: stepToGoOnFrom(definition, record) }
  const answer = await submitOperation(dependencies, { kind: record.kind, input, actor, retry })
  if (answer.operation !== null) await bookRun(takeRetry(dependencies.schedules, record, answer.operation))
  return answer
}
