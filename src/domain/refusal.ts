import type { RefusalCode } from './refusal-codes.ts'

/** What the caller can fix. */
export interface Refusal {
  readonly code: RefusalCode
  readonly message: string
  readonly remedy: string | null
  /** The input field it is about. */
  readonly field: string | null
}
