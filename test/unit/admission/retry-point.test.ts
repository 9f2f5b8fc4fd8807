import { expect, test } from 'vitest'
import { stepToGoOnFrom } from '../../../src/admission/retry-point.ts'
import { OperationStatus, StepStatus } from '../../../src/domain/operation/operation.ts'
import { loadOperations } from '../../../src/operations/load-operations.ts'
import { operationRecord } from '../../support/builders/operations.ts'

const registry = await loadOperations()
/** What their steps keep is of one operation: under its id, compared with it, or a choice that is another one by then. */
const FROM_START = [
  'failover',
  'switchover',
  'cutOverRecovery',
  'recoverCluster',
  'rehearseRecovery',
  'settleRecovery',
  'undoRecovery',
]

test.each([...registry.values()].map((kind) => [kind.name, kind] as const))(
  'a retry of %s that was interrupted in its last step goes on from where its state is its own',
  (name, kind) => {
    const record = operationRecord({
      kind: name,
      status: OperationStatus.INTERRUPTED,
      stepNames: kind.steps.map((step) => step.name),
    })
    const steps = record.steps.map((step, index) => ({
      ...step,
      status: index < record.steps.length - 1 ? StepStatus.SUCCEEDED : StepStatus.RUNNING,
    }))
    const last = kind.steps.at(-1)
    const goesOn = kind.steps.length > 1 && last?.isDone !== undefined && !FROM_START.includes(name)
    expect(stepToGoOnFrom(kind, { ...record, steps })).toBe(goesOn ? last.name : null)
  },
)
