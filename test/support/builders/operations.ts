import { newOperationId } from '../../../src/admission/new-record.ts'
import {
  type Actor,
  NO_PROGRESS,
  type OperationRecord,
  OperationStatus,
  Role,
  StepStatus,
  Surface,
} from '../../../src/domain/operation/operation.ts'
import { NOTHING_TOUCHED } from '../../../src/domain/operation/plan-scope.ts'

export const OPERATOR: Actor = { name: 'test', role: Role.OPERATOR, surface: Surface.API, onBehalfOf: null }

let newest = 0

/** A queued operation, for tests that do not care what it is. Each is later than the one before, which its id tells too. */
export function operationRecord(
  changes: Partial<OperationRecord> & { stepNames?: readonly string[] } = {},
): OperationRecord {
  const { stepNames = ['only-step'], ...rest } = changes
  newest = Math.max(Date.now(), newest + 1)
  const now = new Date(newest)
  return {
    id: newOperationId(now),
    kind: 'testKind',
    cluster: 'patroni',
    status: OperationStatus.QUEUED,
    input: {},
    reason: null,
    requestedBy: OPERATOR,
    proposal: null,
    idempotencyKey: null,
    requestedAt: now.toISOString(),
    startedAt: null,
    finishedAt: null,
    plan: {
      summary: 'Does what the test needs',
      steps: [],
      checks: [],
      estimatedSeconds: null,
      downtimeSeconds: null,
      dataLoss: null,
      destructive: false,
      confirm: null,
      fingerprint: '',
      scope: NOTHING_TOUCHED,
    },
    claims: [],
    steps: stepNames.map((name) => ({
      name,
      title: name,
      status: StepStatus.PENDING,
      startedAt: null,
      finishedAt: null,
      progress: null,
      message: null,
    })),
    progress: NO_PROGRESS,
    error: null,
    result: null,
    cancellable: true,
    attempt: 0,
    retryOf: null,
    state: {},
    sequence: 0,
    ...rest,
  }
}
