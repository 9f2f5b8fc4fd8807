import { messageOf } from '../domain/errors.ts'
import type { OperationRecord } from '../domain/operation.ts'
import type { FollowUp } from '../operations/define-operation.ts'
import type { OperationRegistry } from '../operations/load-operations.ts'
import { parseOperationInput } from '../operations/parse-operation-input.ts'
import type { OperationService } from '../queue/operation-service.ts'

/**
 * Asks for what follows from an operation that has succeeded. Each is asked for once, however often this is called; what
 * is refused is told, and is nobody's failure: the operation has succeeded.
 */
export async function askFollowUps(
  deps: {
    readonly registry: OperationRegistry
    readonly operations: OperationService
    readonly tell: (message: string) => void
  },
  { id, kind, cluster, requestedBy }: OperationRecord,
  followUps: readonly FollowUp[],
): Promise<void> {
  for (const followUp of followUps) {
    const definition = deps.registry.get(followUp.kind)
    if (definition === undefined) throw new TypeError(`${kind} is followed by "${followUp.kind}", which there is not`)
    try {
      const input = Object.assign(parseOperationInput(definition, followUp.input), {
        cluster,
        reason: `after ${kind} ${id}`,
        idempotencyKey: `${id}.${followUp.kind}`,
      })
      const { operation, refusals } = await deps.operations.submit(followUp.kind, input, requestedBy)
      if (operation !== null) continue
      deps.tell(refusals.map(({ message }) => message).join('; '))
    } catch (error) {
      deps.tell(messageOf(error))
    }
  }
}
