import { messageOf } from '../domain/errors.ts'
import type { Observed } from '../domain/observed.ts'

/** The source was read just now. */
export function seen<T>(value: T, at: Date): Observed<T> {
  return { value, at, error: null }
}

/** The source cannot be read now: what it last said stays, with its age and the reason. */
export function lost<T>(previous: Observed<T>, error: unknown): Observed<T> {
  return { ...previous, error: typeof error === 'string' ? error : messageOf(error) }
}
