import { InvalidValueError } from '../../domain/errors.ts'
import { type Refusal, refuse } from '../../domain/refusal.ts'
import type { Schedule } from '../../domain/schedule/schedule.ts'
import type { AnyOperation } from '../../operations/define-operation.ts'
import { inputProblems } from '../../operations/input-problems.ts'
import type { OperationRegistry } from '../../operations/load-operations.ts'
import { type OperationInput, REQUEST_FIELDS } from '../../operations/operation-input.ts'
import { takeNames } from '../../operations/take-names.ts'

/**
 * By the rules of the kind itself, as a request would be; what steers a request is the schedule's own. No GraphQL type has looked at these fields,
 * so one that the kind does not have is refused here: it would be left out without a word.
 */
export function inputRefusals(definition: AnyOperation, fields: Readonly<Record<string, unknown>>): Refusal[] {
  const input: OperationInput = new definition.input()
  const taken = Object.keys(input).filter((field) => !isSteering(field))
  const unknown = Object.keys(fields).filter((field) => !taken.includes(field))
  Object.assign(input, fields)
  return [
    ...unknown.map((field) => noField(definition, field, taken)),
    ...takeNames(input).map((refusal) => ({ ...refusal, field: `input.${refusal.field}` })),
    ...inputProblems(input).map(({ field, message }) => refuse('INVALID_INPUT', message, null, `input.${field}`)),
  ]
}

/** Those of the configuration. Throws InvalidValueError with all that is wrong with them. */
export function requireSchedules(schedules: readonly Schedule[], registry: OperationRegistry): void {
  const faults = schedules.flatMap(({ name, kind, input }) => {
    const definition = registry.get(kind)
    if (definition === undefined || definition.internal === true) {
      return [`schedule ${name}: there is no kind "${kind}" that can be requested`]
    }
    return inputRefusals(definition, input).map(({ message }) => `schedule ${name}: ${message}`)
  })
  if (faults.length === 0) return
  throw new InvalidValueError(faults.join('; '), {
    remedy: 'Correct configs/howdah.yml; the kinds and their inputs are in docs/operations/README.md.',
  })
}

const isSteering = (field: string) => (REQUEST_FIELDS as readonly string[]).includes(field)

function noField({ name }: AnyOperation, field: string, taken: readonly string[]): Refusal {
  const message = isSteering(field) ? `${field} is no part of a schedule's input` : `${name} has no field "${field}"`
  const remedy = taken.length === 0 ? `${name} takes none.` : `It has ${taken.join(', ')}.`
  return refuse('INVALID_INPUT', message, remedy, `input.${field}`)
}
