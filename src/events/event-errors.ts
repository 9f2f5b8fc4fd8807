import { HowdahError } from '../domain/errors.ts'

/** Tells a Redis that is away from a fault of ours: script errors pass as they are. */
export async function guard<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof Error && error.name === 'ReplyError' && !/^(LOADING|READONLY|MISCONF)/.test(error.message)) {
      throw error
    }
    throw new LogUnavailableError(error)
  }
}

/** Redis, which holds operations and their events, does not answer. */
export class LogUnavailableError extends HowdahError {
  readonly code = 'OPERATION_LOG_UNAVAILABLE'
  constructor(cause: unknown) {
    super('Redis, which holds the operations, cannot be reached: nothing was recorded and nothing will run', {
      remedy:
        'Start the redis service (its state is in cluster.services) and send the request again; with an idempotencyKey it is safe to repeat.',
      retryable: true,
      cause,
    })
  }
}

/** Another worker has taken the operation over: this one must stop touching it. */
export class LostOperationError extends HowdahError {
  readonly code = 'OPERATION_LOST'
  constructor(
    readonly operationId: string,
    readonly attempt: number,
    readonly currentAttempt: number,
  ) {
    super(`operation ${operationId} is in attempt ${currentAttempt}; attempt ${attempt} no longer owns it`)
  }
}

/** Events after the cursor have been trimmed away, or it never was a cursor. */
export class CursorExpiredError extends HowdahError {
  readonly code = 'CURSOR_EXPIRED'
  constructor(
    readonly cursor: string,
    remedy = 'Read the operations that you follow with operation(id:) and subscribe again without `after`.',
  ) {
    super(`the feed does not reach back to cursor "${cursor}"`, { remedy })
  }
}
