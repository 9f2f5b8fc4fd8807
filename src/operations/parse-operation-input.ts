import { InvalidValueError } from '../domain/errors.ts'
import type { AnyOperation } from './define-operation.ts'
import { inputProblems } from './input-problems.ts'
import type { OperationInput } from './operation-input.ts'

/**
 * A recorded input as an instance of its kind's class again, checked by the same rules as at the request: a record may
 * have been written by an older Howdah.
 */
export function parseOperationInput(
  definition: AnyOperation,
  fields: Readonly<Record<string, unknown>>,
): OperationInput {
  const input: OperationInput = Object.assign(new definition.input(), fields)
  const problems = inputProblems(input)
  if (problems.length === 0) return input
  const sentences = problems.map(({ message }) => message)
  throw new InvalidValueError(`the input of this ${definition.name} is not valid: ${sentences.join('; ')}`)
}
