import type { Refusal } from '../domain/refusal.ts'
import type { RefusalCode } from '../domain/refusal-codes.ts'

/**
 * What the caller can fix: a stable code, a sentence, what to do, and the input field that it is about
 * (null: none of them).
 */
export function refuse(
  code: RefusalCode,
  message: string,
  remedy: string | null,
  field: string | null = null,
): Refusal {
  return { code, message, remedy, field }
}
