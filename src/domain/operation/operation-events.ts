import {
  isTerminal,
  NO_PROGRESS,
  type OperationError,
  type OperationRecord,
  type OperationResultReference,
  OperationStatus,
  type OperationStep,
  type Progress,
  type ProposalDecision,
  StepStatus,
} from './operation.ts'

/** What can happen to an operation. `type` is the GraphQL type's name. */
export type OperationEventBody =
  | { readonly type: 'OperationProposed'; readonly record: OperationRecord }
  | { readonly type: 'OperationRejected'; readonly decision: Omit<ProposalDecision, 'approved' | 'at'> }
  /** `record`: with what was decided of a proposal, and planned at its approval. */
  | { readonly type: 'OperationQueued'; readonly record: OperationRecord }
  | { readonly type: 'OperationStarted'; readonly attempt: number; readonly worker: string }
  | { readonly type: 'StepStarted'; readonly step: string }
  | { readonly type: 'StepProgressed'; readonly step: string; readonly progress: Progress; readonly overall: Progress }
  | { readonly type: 'StepFinished'; readonly step: string; readonly skipped: boolean; readonly state: State }
  | { readonly type: 'StepFailed'; readonly step: string; readonly error: OperationError }
  | { readonly type: 'StepUndone'; readonly step: string }
  | {
      readonly type: 'OperationLogged'
      readonly step: string | null
      readonly level: LogLevel
      /** Changes to the record that the line is about: what a step keeps, a cancel that was asked for. */
      readonly state?: State
      readonly cancelling?: true
      readonly cancellable?: false
    }
  | { readonly type: 'OperationSucceeded'; readonly result: OperationResultReference | null }
  | { readonly type: 'OperationFailed'; readonly error: OperationError }
  | { readonly type: 'OperationCancelled'; readonly reason: string | null }
  | { readonly type: 'OperationInterrupted'; readonly error: OperationError }

type State = Readonly<Record<string, unknown>>

export enum LogLevel {
  INFO = 'INFO',
  WARNING = 'WARNING',
  ERROR = 'ERROR',
}

/** One entry of the log. */
export interface OperationEvent {
  /** Position in the log, over all operations; resume after it. */
  readonly cursor: string
  /** 1, 2, 3 ... within its operation, without a gap. */
  readonly sequence: number
  /** ISO 8601, UTC. */
  readonly at: string
  readonly operationId: string
  readonly kind: string
  readonly cluster: string
  readonly message: string
  readonly body: OperationEventBody
}

/** Whether an event is the last of its operation. */
export function endsOperation(body: OperationEventBody): boolean {
  return (
    body.type === 'OperationSucceeded' ||
    body.type === 'OperationFailed' ||
    body.type === 'OperationCancelled' ||
    body.type === 'OperationRejected' ||
    body.type === 'OperationInterrupted'
  )
}

/**
 * The record after an event. The only place where a record changes, for writers and readers alike, so that they
 * never disagree. Nothing follows a terminal event.
 */
export function applyEvent(record: OperationRecord, body: OperationEventBody, at: string): OperationRecord {
  if (isTerminal(record.status)) return record
  const next = { ...record, sequence: record.sequence + 1 }
  switch (body.type) {
    case 'OperationProposed':
    case 'OperationQueued':
      return { ...body.record, sequence: next.sequence }
    case 'OperationRejected':
      return decided(ended(next, OperationStatus.REJECTED, at), { ...body.decision, approved: false, at })
    case 'OperationStarted':
      return {
        ...next,
        // A cancel that was requested while no worker had it is still requested.
        status: record.status === OperationStatus.CANCELLING ? record.status : OperationStatus.RUNNING,
        startedAt: record.startedAt ?? at,
        attempt: body.attempt,
      }
    case 'StepStarted':
      return withStep(next, body.step, (step) => ({
        ...step,
        status: StepStatus.RUNNING,
        startedAt: step.startedAt ?? at,
        finishedAt: null,
        message: null,
      }))
    case 'StepProgressed':
      return withStep({ ...next, progress: body.overall }, body.step, (step) => ({ ...step, progress: body.progress }))
    case 'StepFinished':
      return withStep({ ...next, state: { ...record.state, ...body.state } }, body.step, (step) => ({
        ...step,
        status: body.skipped ? StepStatus.SKIPPED : StepStatus.SUCCEEDED,
        finishedAt: at,
      }))
    case 'StepFailed':
      // While it is undone, the record says why already: a worker that takes over goes on undoing it.
      return withStep({ ...next, error: body.error }, body.step, (step) => ({
        ...step,
        status: record.status === OperationStatus.CANCELLING ? StepStatus.CANCELLED : StepStatus.FAILED,
        finishedAt: at,
        message: body.error.message,
      }))
    case 'StepUndone':
      return withStep(next, body.step, (step) => ({ ...step, status: StepStatus.UNDONE }))
    case 'OperationLogged':
      return {
        ...next,
        ...(body.state === undefined ? {} : { state: { ...record.state, ...body.state } }),
        ...(body.cancelling === true ? { status: OperationStatus.CANCELLING, cancellable: false } : {}),
        ...(body.cancellable === false ? { cancellable: false } : {}),
      }
    case 'OperationSucceeded':
      return {
        ...ended(next, OperationStatus.SUCCEEDED, at),
        error: null,
        result: body.result,
        progress: { ...NO_PROGRESS, ...record.progress, percent: 100, etaSeconds: 0 },
      }
    case 'OperationFailed':
      return { ...ended(next, OperationStatus.FAILED, at), error: body.error }
    case 'OperationInterrupted':
      return { ...ended(next, OperationStatus.INTERRUPTED, at), error: body.error }
    case 'OperationCancelled':
      return { ...ended(next, OperationStatus.CANCELLED, at), error: null }
  }
}

function ended(record: OperationRecord, status: OperationStatus, at: string): OperationRecord {
  return { ...record, status, finishedAt: at, cancellable: false }
}

/** With what was decided of a proposal; one that was decided stays so. */
export function decided(record: OperationRecord, decision: ProposalDecision): OperationRecord {
  const { proposal } = record
  return proposal === null ? record : { ...record, proposal: { ...proposal, decision: proposal.decision ?? decision } }
}

function withStep(record: OperationRecord, name: string, change: (step: OperationStep) => OperationStep) {
  return { ...record, steps: record.steps.map((step) => (step.name === name ? change(step) : step)) }
}
