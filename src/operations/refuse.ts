import type { Refusal } from '../domain/operation/operation.ts'

/**
 * What the caller can mend: a stable code in upper case, a sentence, what to do, and the input field that it is about
 * (null: none of them).
 */
export function refuse(code: string, message: string, remedy: string | null, field: string | null = null): Refusal {
  return { code, message, remedy, field }
}
