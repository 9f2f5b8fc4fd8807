import { InvalidValueError } from '../domain/errors.ts'
import type { AnyOperation } from './define-operation.ts'

/** Values by their names, as they are recorded. */
export type Kept = Readonly<Record<string, unknown>>

/**
 * What an operation has kept, as its kind declares it; values that the kind does not declare are left out. Throws
 * InvalidValueError for one of another shape: a record may have been written by an older Howdah.
 */
export function parseOperationState({ name, state: schema }: AnyOperation, kept: Kept): Kept {
  if (schema === undefined) return {}
  const { data, error } = schema.safeParse(kept)
  if (error === undefined) return data
  const sentences = error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new InvalidValueError(`what this ${name} has kept is not valid: ${sentences.join('; ')}`)
}
