import { HowdahError } from '../domain/errors.ts'

/** Why a running operation is being stopped; the reason of its abort signal. */
export class OperationCancelledSignal extends HowdahError {
  readonly code = 'CANCELLED'
  constructor() {
    super('the operation is being cancelled')
  }
}

/** The worker goes away in good order: another one, or its successor, goes on where this one stopped. */
export class HandOverSignal extends HowdahError {
  readonly code = 'HANDED_OVER'
  constructor() {
    super('the worker is stopping and hands the operation over')
  }
}

/** A step took longer than it may. */
export class StepDeadlineError extends HowdahError {
  readonly code = 'STEP_DEADLINE'
  constructor(step: string, deadlineMs: number) {
    super(`step ${step} did not end within ${Math.round(deadlineMs / 1000)} s`, { retryable: true })
  }
}

/** What an operation was about to do is more than what was planned, and perhaps approved. Nothing of it was done. */
export class PlanChangedError extends HowdahError {
  readonly code = 'PLAN_CHANGED'
  constructor(
    readonly kind: string,
    /** One sentence for each point. */
    readonly beyond: readonly string[],
  ) {
    super(`the cluster has changed since this was planned: ${beyond.join('; ')}`, {
      remedy: `Ask for ${kind} again: with dryRun: true its plan says what it does now, and what it costs.`,
    })
  }
}

/** A worker died in a step that cannot tell whether it was done. */
export class UnknownOutcomeError extends HowdahError {
  readonly code = 'UNKNOWN_OUTCOME'
  constructor(title: string) {
    super(`the worker was lost during "${title}", and whether it was done is unknown`, {
      remedy: 'Look at the stack, then retry the operation (retryOperation).',
    })
  }
}
