import { PASSING_REFUSALS, type RefusalCode } from './refusal-codes.ts'

/** What the caller can fix. */
export interface Refusal {
  readonly code: RefusalCode
  readonly message: string
  readonly remedy: string | null
  /** The input field that it is about, as a path: "assertions.0.sql". */
  readonly field: string | null
  /** Whether the same request may be taken later, with nothing changed. */
  readonly retryable: boolean
  /** Id of the operation that is in the way; null where none is. */
  readonly operation: string | null
}

/** A stable code, a sentence, what to do, and the input field that it is about (null: none of them). */
export function refuse(
  code: RefusalCode,
  message: string,
  remedy: string | null,
  field: string | null = null,
): Refusal {
  return { code, message, remedy, field, retryable: PASSING_REFUSALS.has(code), operation: null }
}
