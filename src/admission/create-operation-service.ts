import { approveOperation } from './approve-operation.ts'
import { cancelOperation } from './cancel-operation.ts'
import type { OperationService } from './operation-service.ts'
import { rejectOperation } from './reject-operation.ts'
import { retryOperation } from './retry-operation.ts'
import type { SubmitDependencies } from './submit-dependencies.ts'
import { submitOperation } from './submit-operation.ts'

export function createOperationService(dependencies: SubmitDependencies): OperationService {
  return {
    submit: (kind, input, actor) => submitOperation(dependencies, { kind, input, actor, retry: null }),
    approve: (operationId, decision, actor) => approveOperation(dependencies, { operationId, ...decision, actor }),
    reject: (operationId, reason, actor) => rejectOperation(dependencies, { operationId, reason, actor }),
    cancel: (operationId, reason, actor) => cancelOperation(dependencies, { operationId, reason, actor }),
    retry: (operationId, reason, actor) => retryOperation(dependencies, { operationId, reason, actor }),
  }
}
