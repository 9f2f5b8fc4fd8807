import { HowdahError, messageOf } from '../domain/errors.ts'
import { type OperationError, StepStatus } from '../domain/operation/operation.ts'
import { LostOperationError } from '../events/event-errors.ts'
import { parseOperationInput } from '../operations/parse-operation-input.ts'
import { type AnyStep, type Attempt, contextFor } from './attempt.ts'

/** Why an operation is undone. */
export interface Unwinding {
  readonly error: OperationError
  /** It ends CANCELLED, not FAILED. */
  readonly cancelled: boolean
}

/** Undoes, in reverse, every step that was started and not undone yet, and ends the operation with the reason. */
export async function unwindOperation(attempt: Attempt, { error, cancelled }: Unwinding): Promise<void> {
  const { definition, journal } = attempt
  const input = parseOperationInput(definition, journal.record.input)
  for (const step of [...(definition.steps as readonly AnyStep[])].reverse()) {
    if (step.undo === undefined) continue
    const status = journal.record.steps.find(({ name }) => name === step.name)?.status
    if (status === StepStatus.PENDING || status === StepStatus.SKIPPED || status === StepStatus.UNDONE) continue
    try {
      await step.undo(contextFor(attempt, step, input, new AbortController().signal))
      await journal.write({ type: 'StepUndone', step: step.name }, `${step.title}: undone`)
    } catch (undoError) {
      if (undoError instanceof LostOperationError) throw undoError
      const failed = operationError(undoError, step)
      const left = {
        ...failed,
        message: `${error.message}; and "${step.title}" could not be undone: ${messageOf(undoError)}`,
        remedy: failed.remedy ?? 'Look at what the step left: its log lines name it.',
      }
      await journal.write({ type: 'OperationInterrupted', error: left }, left.message)
      return
    }
  }
  if (cancelled) {
    await journal.write({ type: 'OperationCancelled', reason: null }, `${definition.title}: cancelled`)
    return
  }
  await journal.write({ type: 'OperationFailed', error }, error.message)
}

export function operationError(reason: unknown, step: AnyStep | null): OperationError {
  const known = reason instanceof HowdahError ? reason : null
  return {
    code: known?.code ?? 'INTERNAL_ERROR',
    message: messageOf(reason),
    remedy: known?.remedy ?? null,
    step: step?.name ?? null,
    retryable: known?.retryable ?? false,
  }
}
