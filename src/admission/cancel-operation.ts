import { NotFoundError } from '../domain/errors.ts'
import { type Actor, isTerminal, type OperationRecord, OperationStatus } from '../domain/operation/operation.ts'
import { LogLevel } from '../domain/operation/operation-events.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import type { OperationLog } from '../events/operation-log.ts'
import type { OperationRegistry } from '../operations/load-operations.ts'
import type { OperationAnswer } from './operation-service.ts'
import type { OperationsQueue } from './operations-queue.ts'
import { requirePermission } from './permissions.ts'

/**
 * Ends a queued operation at once, and withdraws a proposal. A running one is asked to stop: the request is an event, which its worker sees in
 * whatever process it runs. Asking again, or asking for what has been cancelled, is success.
 * Throws NotFoundError and ForbiddenError.
 */
export async function cancelOperation(
  { log, queue, registry }: { log: OperationLog; queue: OperationsQueue; registry: OperationRegistry },
  { operationId, reason, actor }: { operationId: string; reason: string | null; actor: Actor },
): Promise<OperationAnswer> {
  requirePermission(actor, 'cancelOperation', registry)
  const because = `cancelled by ${actor.name}${reason === null || reason === '' ? '' : `: ${reason}`}`

  const ended = await log.append({
    operationId,
    body: { type: 'OperationCancelled', reason },
    message: `Operation ${because}, before it began`,
    when: ({ status }) => status === OperationStatus.QUEUED || status === OperationStatus.PROPOSED,
  })
  if (ended !== null) {
    // What is left of the job finds an operation that has ended and does nothing.
    await queue.remove(operationId).catch(() => {})
    return { operation: ended, plan: ended.plan, refusals: [] }
  }

  const asked = await log.append({
    operationId,
    body: { type: 'OperationLogged', step: null, level: LogLevel.INFO, cancelling: true },
    message: `Operation is being ${because}`,
    when: (record) => record.status === OperationStatus.RUNNING && record.cancellable,
  })
  // Where no worker has it, it waits for one: not behind what runs long. Failing that, it is undone in its turn.
  if (asked !== null) await queue.hurry(operationId).catch(() => {})
  const record = asked ?? (await log.get(operationId))
  if (record === null) throw new NotFoundError(`there is no operation ${operationId}`)
  const refusals = asked === null ? whyNot(record) : []
  return { operation: refusals.length > 0 ? null : record, plan: record.plan, refusals }
}

function whyNot(record: OperationRecord): Refusal[] {
  if (record.status === OperationStatus.CANCELLED || record.status === OperationStatus.CANCELLING) return []
  if (isTerminal(record.status)) {
    return [refuse('ALREADY_ENDED', `operation ${record.id} has ended: ${record.status}`, null, 'id')]
  }
  const message = `operation ${record.id} has passed its point of no return and will end by itself`
  return [refuse('POINT_OF_NO_RETURN', message, 'Follow it with operationEvents.', 'id')]
}
