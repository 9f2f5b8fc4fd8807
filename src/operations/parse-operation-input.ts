import { validateSync } from 'class-validator'
import { InvalidValueError } from '../domain/errors.ts'
import type { AnyOperation } from './define-operation.ts'
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
  const faults = validateSync(input, { forbidUnknownValues: false })
  if (faults.length === 0) return input
  const sentences = faults.flatMap((fault) => Object.values(fault.constraints ?? {}))
  throw new InvalidValueError(`the input of this ${definition.name} is not valid: ${sentences.join('; ')}`)
}
