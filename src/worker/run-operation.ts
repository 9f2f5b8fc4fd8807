import { HowdahError, messageOf } from '../domain/errors.ts'
import { isTerminal, type OperationError, StepStatus } from '../domain/operation.ts'
import { LogLevel } from '../domain/operation-events.ts'
import { LostOperationError } from '../events/event-errors.ts'
import type { OperationFeed, OperationLog } from '../events/operation-log.ts'
import type { StepContext } from '../operations/context.ts'
import { type AnyOperation, type Step, StepOutcome } from '../operations/define-operation.ts'
import type { OperationRegistry } from '../operations/load-operations.ts'
import type { OperationInput } from '../operations/operation-input.ts'
import { parseOperationInput } from '../operations/parse-operation-input.ts'
import type { Clock } from '../shared/clock.ts'
import { createOperationJournal, type OperationJournal } from './operation-journal.ts'
import { watchForCancel } from './watch-for-cancel.ts'
import type { WorkedCluster } from './worked-cluster.ts'
import { HandOverSignal, OperationCancelledSignal, StepDeadlineError } from './worker-errors.ts'

export interface RunDependencies {
  readonly registry: OperationRegistry
  readonly log: OperationLog
  readonly feed: OperationFeed
  readonly clusters: ReadonlyMap<string, WorkedCluster>
  readonly clock: Clock
  /** Names this worker in OperationStarted. */
  readonly worker: string
}

type AnyStep = Step<OperationInput>

/**
 * One attempt at one operation, from claiming it to an end that tells the truth. Returns when the operation has ended
 * or belongs to another worker; throws HandOverSignal when `handOver` was aborted and somebody has to go on.
 */
export async function runOperation(
  dependencies: RunDependencies,
  operationId: string,
  handOver: AbortSignal,
): Promise<void> {
  const { registry, log } = dependencies
  const known = await log.get(operationId)
  if (known === null || isTerminal(known.status)) return
  const attempt = known.attempt + 1
  const record = await log.append({
    operationId,
    body: { type: 'OperationStarted', attempt, worker: dependencies.worker },
    message:
      attempt === 1 ? `Started by ${dependencies.worker}` : `Taken over by ${dependencies.worker}, attempt ${attempt}`,
    // Two workers may be called to one operation: the first to claim the attempt has it.
    when: (newest) => newest.attempt === attempt - 1,
  })
  if (record === null) return

  const stop = new AbortController()
  const definition = registry.get(record.kind)
  const cluster = dependencies.clusters.get(record.cluster)
  if (definition === undefined || cluster === undefined) {
    const missing = definition === undefined ? `operation "${record.kind}"` : `cluster "${record.cluster}"`
    const error = {
      code: 'NOT_CONFIGURED',
      message: `this worker knows no ${missing}`,
      remedy: null,
      step: null,
      retryable: false,
    }
    await log.append({ operationId, attempt, body: { type: 'OperationFailed', error }, message: error.message })
    return
  }
  const journal = createOperationJournal({
    log,
    clock: dependencies.clock,
    definition,
    record,
    onLost: (error) => stop.abort(error),
  })
  const cancels = watchForCancel(dependencies, operationId, () => stop.abort(new OperationCancelledSignal()))
  const handsOver = () => stop.abort(new HandOverSignal())
  handOver.addEventListener('abort', handsOver, { once: true })
  if (handOver.aborted) handsOver()
  try {
    await work({ dependencies, definition, cluster, journal, stop: stop.signal })
  } catch (error) {
    // Whoever took it over goes on; here there is nothing more to do, and above all nothing to undo.
    if (!(error instanceof LostOperationError)) throw error
  } finally {
    handOver.removeEventListener('abort', handsOver)
    cancels.stop()
  }
}

interface Work {
  readonly dependencies: RunDependencies
  readonly definition: AnyOperation
  readonly cluster: WorkedCluster
  readonly journal: OperationJournal
  readonly stop: AbortSignal
}

async function work(job: Work): Promise<void> {
  const { definition, journal } = job
  let current: AnyStep | null = null
  try {
    const input = parseOperationInput(definition, journal.record.input)
    for (const step of definition.steps as readonly AnyStep[]) {
      current = step
      job.stop.throwIfAborted()
      await runStep(job, step, input)
    }
    const result = definition.result?.(contextFor(job, null, input, job.stop)) ?? null
    await journal.write({ type: 'OperationSucceeded', result }, `${definition.title}: succeeded`)
  } catch (error) {
    const reason: unknown = job.stop.aborted ? job.stop.reason : error
    if (reason instanceof HandOverSignal || reason instanceof LostOperationError) throw reason
    await unwind(job, current, reason)
  }
}

async function runStep(job: Work, step: AnyStep, input: OperationInput): Promise<void> {
  const { journal } = job
  const status = journal.record.steps.find(({ name }) => name === step.name)?.status
  if (status === StepStatus.SUCCEEDED || status === StepStatus.SKIPPED) return
  const interrupted = status === StepStatus.RUNNING
  const deadline = step.deadlineMs === undefined ? [] : [AbortSignal.timeout(step.deadlineMs)]
  const context = contextFor(job, step, input, AbortSignal.any([job.stop, ...deadline]))
  try {
    const outcome = await (step.done?.(context) ?? (interrupted ? StepOutcome.UNKNOWN : StepOutcome.NOT_DONE))
    if (outcome === StepOutcome.UNKNOWN) throw new UnknownOutcomeError(step.title)
    if (outcome === StepOutcome.DONE) {
      const message = interrupted ? `${step.title}: done, as it turned out` : `${step.title}: already so`
      await journal.write({ type: 'StepFinished', step: step.name, skipped: !interrupted, state: {} }, message)
      return
    }
    if (step.pointOfNoReturn === true && journal.record.cancellable) {
      const body = { type: 'OperationLogged', step: step.name, level: LogLevel.INFO, cancellable: false } as const
      await journal.write(body, `${step.title}: from here on the operation cannot be cancelled`)
    }
    if (step.pointOfNoReturn === true || step.irreversible === true) await context.checkFence()
    if (!interrupted) await journal.write({ type: 'StepStarted', step: step.name }, step.title)
    const state = (await step.run(context)) ?? {}
    await journal.finishProgress(step.name)
    await journal.write({ type: 'StepFinished', step: step.name, skipped: false, state }, `${step.title}: done`)
  } catch (error) {
    if (deadline[0]?.aborted === true && !job.stop.aborted) throw new StepDeadlineError(step.name, step.deadlineMs ?? 0)
    throw error
  }
}

/** Takes back, in reverse, what was begun, and ends the operation with the reason. */
async function unwind(job: Work, failed: AnyStep | null, reason: unknown): Promise<void> {
  const { definition, journal } = job
  const error = operationError(reason, failed)
  const begun = definition.steps.slice(
    0,
    failed === null ? 0 : definition.steps.indexOf(failed) + 1,
  ) as readonly AnyStep[]
  if (failed !== null)
    await journal.write({ type: 'StepFailed', step: failed.name, error }, `${failed.title}: ${error.message}`)
  if (reason instanceof UnknownOutcomeError) {
    await journal.write({ type: 'OperationInterrupted', error }, error.message)
    return
  }
  const input = parseOperationInput(definition, journal.record.input)
  for (const step of [...begun].reverse()) {
    if (step.undo === undefined) continue
    const status = journal.record.steps.find(({ name }) => name === step.name)?.status
    if (status === StepStatus.PENDING || status === StepStatus.SKIPPED || status === StepStatus.UNDONE) continue
    try {
      await step.undo(contextFor(job, step, input, new AbortController().signal))
      await journal.write({ type: 'StepUndone', step: step.name }, `${step.title}: taken back`)
    } catch (undoError) {
      if (undoError instanceof LostOperationError) throw undoError
      const left = {
        ...operationError(undoError, step),
        message: `${error.message}; and "${step.title}" could not be taken back: ${messageOf(undoError)}`,
        remedy: 'Look at what the step left: its log lines name it.',
      }
      await journal.write({ type: 'OperationInterrupted', error: left }, left.message)
      return
    }
  }
  if (reason instanceof OperationCancelledSignal) {
    await journal.write({ type: 'OperationCancelled', reason: null }, `${definition.title}: cancelled`)
    return
  }
  await journal.write({ type: 'OperationFailed', error }, error.message)
}

function contextFor(
  job: Work,
  step: AnyStep | null,
  input: OperationInput,
  signal: AbortSignal,
): StepContext<OperationInput> {
  const { journal, cluster, dependencies } = job
  const name = step?.name ?? null
  return {
    get operation() {
      return journal.record
    },
    input,
    layout: cluster.layout,
    cluster: () => cluster.current(),
    clients: cluster.clients,
    state: () => journal.record.state,
    keep: (state, message) =>
      journal.write({ type: 'OperationLogged', step: name, level: LogLevel.INFO, state }, message),
    progress: (progress) => {
      if (name !== null) journal.progress(name, progress)
    },
    log: (message, level, state) => journal.log(message, name, level, state),
    checkFence: () => journal.checkAttempt(),
    signal,
    sleep: (ms) => dependencies.clock.sleep(ms, signal),
    now: () => dependencies.clock.now(),
  }
}

function operationError(reason: unknown, step: AnyStep | null): OperationError {
  const known = reason instanceof HowdahError ? reason : null
  return {
    code: known?.code ?? 'INTERNAL_ERROR',
    message: messageOf(reason),
    remedy: known?.remedy ?? null,
    step: step?.name ?? null,
    retryable: known?.retryable ?? false,
  }
}

/** A worker died in a step that cannot tell whether it was done. */
class UnknownOutcomeError extends HowdahError {
  readonly code = 'UNKNOWN_OUTCOME'
  constructor(title: string) {
    super(`the worker was lost during "${title}", and whether it was done cannot be told`, {
      remedy: 'Look at the stack, then retry the operation with retryOperation.',
    })
  }
}
