import type { ErrorCode } from './error-codes.ts'
import type { RefusalCode } from './refusal-codes.ts'

/** Base of every error that Howdah raises on purpose: a stable code, a sentence, and a remedy where there is one. */
export abstract class HowdahError extends Error {
  /** For programs. A refusal's code where the request would be refused by now. */
  abstract readonly code: ErrorCode | RefusalCode
  /** What a person can do about it. */
  readonly remedy: string | null
  /** Whether the same call may succeed later with nothing changed. */
  readonly retryable: boolean

  constructor(message: string, options: { remedy?: string; retryable?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = new.target.name
    this.remedy = options.remedy ?? null
    this.retryable = options.retryable ?? false
  }
}

/** A system that Howdah talks to did not answer, or not in time. */
export class UnreachableError extends HowdahError {
  readonly code = 'UNREACHABLE'
  constructor(
    /** The system, as a person would call it: "Patroni db2", "etcd1", "Docker". */
    readonly system: string,
    /** Why, in the system's or the network's own words. */
    readonly reason: string,
    options: { remedy?: string; cause?: unknown } = {},
  ) {
    super(`${system} cannot be reached: ${reason}`, { ...options, retryable: true })
  }
}

/** A system answered something that its schema does not allow. */
export class UnexpectedAnswerError extends HowdahError {
  readonly code = 'UNEXPECTED_ANSWER'
  constructor(
    readonly system: string,
    readonly reason: string,
    options: { cause?: unknown } = {},
  ) {
    super(`${system} gave an answer that Howdah does not understand: ${reason}`, options)
  }
}

/** A wait ended without its condition: says what was waited for and what was last seen. */
export class WaitTimeoutError extends HowdahError {
  readonly code = 'TIMEOUT'
  constructor(
    readonly waitedFor: string,
    readonly lastSeen: string,
    /** Milliseconds. */
    readonly waitedMs: number,
  ) {
    super(`waited ${Math.round(waitedMs / 100) / 10} s for ${waitedFor}; last seen: ${lastSeen}`, { retryable: true })
  }
}

/** What was named does not exist. */
export class NotFoundError extends HowdahError {
  readonly code = 'NOT_FOUND'
}

/** A value from outside is malformed. */
export class InvalidValueError extends HowdahError {
  readonly code = 'INVALID_VALUE'
}

/** The sentence of any thrown value, for messages and logs. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
