import type { OperationService } from '../admission/operation-service.ts'
import { messageOf } from '../domain/errors.ts'
import { type OperationRecord, OperationStatus, Surface } from '../domain/operation/operation.ts'
import type { OperationRegistry } from '../operations/load-operations.ts'
import { parseOperationInput } from '../operations/parse-operation-input.ts'
import { parseOperationState } from '../operations/parse-operation-state.ts'

export interface FollowUpDependencies {
  readonly registry: OperationRegistry
  readonly operations: Pick<OperationService, 'submit'>
  /** Told when what follows could not be asked for. */
  readonly onFollowUpFailed: (operationId: string, why: string) => void
}

/**
 * Asks for what follows from an operation that has succeeded. Each is requested once, however often this is called; a
 * refusal is logged and is no failure: the operation has succeeded.
 */
export async function askFollowUps(
  { registry, operations, onFollowUpFailed }: FollowUpDependencies,
  operation: OperationRecord,
): Promise<void> {
  const { id, kind, cluster, requestedBy, status, state } = operation
  const ended = registry.get(kind)
  if (status !== OperationStatus.SUCCEEDED || ended?.followUps === undefined) return
  const input = parseOperationInput(ended, operation.input)
  // In the name of its caller, and by itself.
  const asker = { ...requestedBy, surface: Surface.HOWDAH, onBehalfOf: null }
  for (const followUp of ended.followUps({ operation, input, state: () => parseOperationState(ended, state) })) {
    const definition = registry.get(followUp.kind)
    if (definition === undefined) throw new TypeError(`${kind} names an unknown follow-up kind "${followUp.kind}"`)
    try {
      const next = Object.assign(parseOperationInput(definition, followUp.input), {
        cluster,
        reason: `after ${kind} ${id}`,
        idempotencyKey: `${id}.${followUp.kind}`,
      })
      const { operation: asked, refusals } = await operations.submit(followUp.kind, next, asker)
      if (asked === null) onFollowUpFailed(id, refusals.map(({ message }) => message).join('; '))
    } catch (error) {
      onFollowUpFailed(id, messageOf(error))
    }
  }
}
