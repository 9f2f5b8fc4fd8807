import { OperationStatus, StepStatus } from '../domain/operation/operation.ts'
import { LogLevel } from '../domain/operation/operation-events.ts'
import { LostOperationError } from '../events/event-errors.ts'
import { StepOutcome } from '../operations/define-operation.ts'
import type { OperationInput } from '../operations/operation-input.ts'
import { parseOperationInput } from '../operations/parse-operation-input.ts'
import { type AnyStep, type Attempt, contextFor } from './attempt.ts'
import { changesForGood, comparePlan } from './compare-plan.ts'
import { operationError, type Unwinding, unwindOperation } from './unwind-operation.ts'
import { HandOverSignal, OperationCancelledSignal, StepDeadlineError, UnknownOutcomeError } from './worker-errors.ts'

/** A holder that has died is outlived; one that lives is not waited for. */
const ACQUIRE_MS = 15_000

/** Runs what is left of the operation's steps and writes its end. Throws HandOverSignal and LostOperationError. */
export async function runSteps(attempt: Attempt): Promise<void> {
  const { definition, journal } = attempt
  let current: AnyStep | null = null
  try {
    // What has begun is not given up for a short outage of etcd.
    const patienceMs = hasBegun(attempt) ? attempt.cluster.lockPatienceSeconds * 1_000 : ACQUIRE_MS
    await attempt.lock?.acquire(patienceMs, attempt.stop)
    const half = unwoundHalf(attempt)
    if (half !== null) return await unwindOperation(attempt, half)
    const input = parseOperationInput(definition, journal.record.input)
    for (const step of definition.steps as readonly AnyStep[]) {
      current = step
      attempt.stop.throwIfAborted()
      await runStep(attempt, step, input)
    }
    const ended = contextFor(attempt, null, input, attempt.stop)
    const result = definition.result?.(ended) ?? null
    const outcome = definition.outcome?.(ended) ?? 'succeeded'
    await journal.write({ type: 'OperationSucceeded', result }, `${definition.title}: ${outcome}`)
  } catch (thrown) {
    const reason: unknown = attempt.stop.aborted ? attempt.stop.reason : thrown
    if (reason instanceof HandOverSignal || reason instanceof LostOperationError) throw reason
    const error = operationError(reason, current)
    if (current !== null) {
      await journal.write({ type: 'StepFailed', step: current.name, error }, `${current.title}: ${error.message}`)
    }
    const unsure = reason instanceof UnknownOutcomeError || (current === null && hasBegun(attempt))
    if (unsure) await journal.write({ type: 'OperationInterrupted', error }, error.message)
    else await unwindOperation(attempt, { error, cancelled: reason instanceof OperationCancelledSignal })
  }
}

/** How an earlier attempt had begun to take the operation back when its worker was lost; null when it had not. */
function unwoundHalf({ journal: { record } }: Attempt): Unwinding | null {
  const ends = [StepStatus.FAILED, StepStatus.CANCELLED, StepStatus.UNDONE]
  if (record.error === null || !record.steps.some(({ status }) => ends.includes(status))) return null
  return { error: record.error, cancelled: record.status === OperationStatus.CANCELLING }
}

function hasBegun({ journal: { record } }: Attempt): boolean {
  return record.steps.some(({ status }) => status !== StepStatus.PENDING)
}

async function runStep(attempt: Attempt, step: AnyStep, input: OperationInput): Promise<void> {
  const { journal } = attempt
  const status = journal.record.steps.find(({ name }) => name === step.name)?.status
  if (status === StepStatus.SUCCEEDED || status === StepStatus.SKIPPED) return
  const interrupted = status === StepStatus.RUNNING
  const deadline = step.deadlineMs === undefined ? [] : [AbortSignal.timeout(step.deadlineMs)]
  const context = contextFor(attempt, step, input, AbortSignal.any([attempt.stop, ...deadline]))
  if (step.applies?.(context) === false) {
    const message = `${step.title}: not asked for`
    await journal.write({ type: 'StepFinished', step: step.name, skipped: true, state: {} }, message)
    return
  }
  try {
    const outcome = await (step.isDone?.(context) ?? (interrupted ? StepOutcome.UNKNOWN : StepOutcome.NOT_DONE))
    if (outcome === StepOutcome.UNKNOWN) throw new UnknownOutcomeError(step.title)
    if (outcome === StepOutcome.DONE) {
      const message = interrupted ? `${step.title}: done, as it turned out` : `${step.title}: already so`
      await journal.write({ type: 'StepFinished', step: step.name, skipped: !interrupted, state: {} }, message)
      return
    }
    // What has begun goes on: a worker that takes over finds the cluster as the operation itself has left it.
    if (!interrupted) await comparePlan(attempt, step, context)
    if (step.pointOfNoReturn === true && journal.record.cancellable) {
      const body = { type: 'OperationLogged', step: step.name, level: LogLevel.INFO, cancellable: false } as const
      await journal.write(body, `${step.title}: from here on the operation cannot be cancelled`)
    }
    // A cancel that came first has won.
    if (journal.record.status === OperationStatus.CANCELLING) throw new OperationCancelledSignal()
    if (changesForGood(step)) await context.checkFence()
    if (!interrupted) await journal.write({ type: 'StepStarted', step: step.name }, step.title)
    const state = (await step.run(context)) ?? {}
    await journal.finishProgress(step.name)
    await journal.write({ type: 'StepFinished', step: step.name, skipped: false, state }, `${step.title}: done`)
  } catch (error) {
    if (deadline[0]?.aborted === true && !attempt.stop.aborted)
      throw new StepDeadlineError(step.name, step.deadlineMs ?? 0)
    throw error
  }
}
