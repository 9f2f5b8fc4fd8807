import { NotFoundError } from '../domain/errors.ts'
import { isTerminal, OperationStatus } from '../domain/operation.ts'
import { parseOperationInput } from '../operations/parse-operation-input.ts'
import { cancelOperation } from './cancel-operation.ts'
import type { OperationService } from './operation-service.ts'
import { type SubmitDependencies, submitOperation } from './submit-operation.ts'

export function createOperationService(dependencies: SubmitDependencies): OperationService {
  const { log, registry } = dependencies
  return {
    submit: (kind, input, actor) => submitOperation(dependencies, { kind, input, actor }),
    cancel: (operationId, reason, actor) => cancelOperation(dependencies, { operationId, reason, actor }),
    async retry(operationId, reason, actor) {
      const record = await log.get(operationId)
      const definition = registry.get(record?.kind ?? '')
      if (record === null || definition === undefined) throw new NotFoundError(`there is no operation ${operationId}`)
      if (!isTerminal(record.status) || record.status === OperationStatus.SUCCEEDED) {
        const refusal = {
          code: 'NOT_RETRYABLE',
          message: `operation ${operationId} is ${record.status}; only what failed, was cancelled or was interrupted can be retried`,
          remedy: null,
          field: 'id',
        }
        return { operation: null, plan: record.plan, refusals: [refusal] }
      }
      const input = parseOperationInput(definition, {
        ...record.input,
        cluster: record.cluster,
        reason,
        confirm: record.cluster,
      })
      return submitOperation(dependencies, { kind: record.kind, input, actor, retryOf: record.id })
    },
  }
}
