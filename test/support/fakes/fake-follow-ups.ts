import type { OperationAnswer } from '../../../src/admission/operation-service.ts'
import { OperationStatus } from '../../../src/domain/operation/operation.ts'
import { loadOperations } from '../../../src/operations/load-operations.ts'
import { operationRecord } from '../builders/operations.ts'

const registry = await loadOperations()
/** When `cutOver` ended. */
export const ENDED = '2026-11-22T12:00:00.000Z'
const CUT_OVER = {
  operation: 'op1',
  recovery: 'r1',
  server: 'patroni',
  node: 'db2',
  live: '/data/p',
  copy: '/data/p.recovery-r1',
  previous: '/data/p.previous-r1',
}
/** A cut-over that has succeeded: a base backup is to follow it. */
export const cutOver = (changes: Parameters<typeof operationRecord>[0] = {}) =>
  operationRecord({
    id: 'op1',
    kind: 'cutOverRecovery',
    status: OperationStatus.SUCCEEDED,
    finishedAt: ENDED,
    input: { recovery: 'r1' },
    state: { cutOver: CUT_OVER },
    ...changes,
  })

/** Submits as told, and keeps what was asked for and what was said of it. */
export function asking(answer: OperationAnswer = { operation: operationRecord(), plan: null, refusals: [] }) {
  const asked: Record<string, unknown>[] = []
  const told: string[] = []
  return {
    asked,
    told,
    deps: {
      registry,
      operations: {
        submit: async (kind: string, input: object) => {
          asked.push({ kind, ...input })
          return answer
        },
      },
      onFollowUpFailed: (id: string, why: string) => void told.push(`${id}: ${why}`),
    },
  }
}
