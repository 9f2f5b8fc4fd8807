import { HowdahError } from '../../domain/errors.ts'

/** A subscriber took what it was sent more slowly than it came, for too long. */
export class SubscriberTooSlowError extends HowdahError {
  readonly code = 'SUBSCRIBER_TOO_SLOW'
  constructor(
    /** How many were waiting for it. */
    readonly waiting: number,
    remedy: string,
  ) {
    super(`the subscriber is ${waiting} behind and was cut off`, { remedy })
  }
}
