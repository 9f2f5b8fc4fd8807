import { cancelOperation } from './cancel-operation.ts'
import type { OperationService } from './operation-service.ts'
import { retryOperation } from './retry-operation.ts'
import { type SubmitDependencies, submitOperation } from './submit-operation.ts'

export function createOperationService(dependencies: SubmitDependencies): OperationService {
  return {
    submit: (kind, input, actor) => submitOperation(dependencies, { kind, input, actor, retry: null }),
    cancel: (operationId, reason, actor) => cancelOperation(dependencies, { operationId, reason, actor }),
    retry: (operationId, reason, actor) => retryOperation(dependencies, { operationId, reason, actor }),
  }
}
