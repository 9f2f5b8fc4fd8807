import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isTerminal, NO_PROGRESS, OperationStatus, StepStatus } from '../../../../src/domain/operation/operation.ts'
import {
  applyEvent,
  endsOperation,
  LogLevel,
  type OperationEventBody,
} from '../../../../src/domain/operation/operation-events.ts'
import { operationRecord } from '../../../support/builders/operations.ts'

const AT = '2026-11-22T12:00:00.000Z'
const ERROR = { code: 'X', message: 'broken', remedy: null, step: 'a', retryable: false }
const record = operationRecord({ stepNames: ['a', 'b'] })
const step = fc.constantFrom('a', 'b')

const anyEvent: fc.Arbitrary<OperationEventBody> = fc.oneof(
  fc.record({ type: fc.constant('OperationStarted' as const), attempt: fc.nat(5), worker: fc.string() }),
  fc.record({ type: fc.constant('StepStarted' as const), step }),
  fc.record({
    type: fc.constant('StepFinished' as const),
    step,
    skipped: fc.boolean(),
    state: fc.constant({ kept: 1 }),
  }),
  fc.record({ type: fc.constant('StepFailed' as const), step, error: fc.constant(ERROR) }),
  fc.record({ type: fc.constant('StepUndone' as const), step }),
  fc.record({
    type: fc.constant('StepProgressed' as const),
    step,
    progress: fc.constant(NO_PROGRESS),
    overall: fc.constant(NO_PROGRESS),
  }),
  fc.constant({ type: 'OperationLogged', step: null, level: LogLevel.INFO, cancelling: true } as const),
  fc.constant({ type: 'OperationSucceeded', result: null } as const),
  fc.constant({ type: 'OperationFailed', error: ERROR } as const),
  fc.constant({ type: 'OperationCancelled', reason: null } as const),
  fc.constant({ type: 'OperationInterrupted', error: ERROR } as const),
)

describe('the record of an operation', () => {
  test('counts every event and changes no more after a terminal one', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 30 }), (events) => {
        let now = record
        for (const body of events) {
          const before = now
          now = applyEvent(before, body, AT)
          if (isTerminal(before.status)) expect(now).toBe(before)
          else {
            expect(now.sequence).toBe(before.sequence + 1)
            expect(isTerminal(now.status)).toBe(endsOperation(body))
            expect(isTerminal(now.status) && now.cancellable).toBe(false)
          }
        }
      }),
    )
  })

  test('stays CANCELLING when a worker takes it over', () => {
    const cancelling = applyEvent(
      record,
      { type: 'OperationLogged', step: null, level: LogLevel.INFO, cancelling: true },
      AT,
    )
    const started = applyEvent(cancelling, { type: 'OperationStarted', attempt: 2, worker: 'w' }, AT)
    expect(started).toMatchObject({ status: OperationStatus.CANCELLING, attempt: 2, cancellable: false })
    const stopped = applyEvent(started, { type: 'StepFailed', step: 'a', error: ERROR }, AT)
    expect(stopped.steps[0]?.status).toBe(StepStatus.CANCELLED)
  })

  test('keeps what steps hand on', () => {
    const first = applyEvent(record, { type: 'StepFinished', step: 'a', skipped: false, state: { x: 1, y: 1 } }, AT)
    const second = applyEvent(first, { type: 'OperationLogged', step: 'b', level: LogLevel.INFO, state: { y: 2 } }, AT)
    expect(second.state).toEqual({ x: 1, y: 2 })
  })
})
