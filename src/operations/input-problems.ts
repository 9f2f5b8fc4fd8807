import { type ValidationError, validateSync } from 'class-validator'
import { type Refusal, refuse } from '../domain/refusal.ts'

/** A rule of an input's type that a value breaks. */
export interface InputProblem {
  /** A path: "assertions.0.sql". */
  readonly field: string
  readonly message: string
}

/** What an input's own rules say against it; empty where nothing does. */
export function inputProblems(input: object): readonly InputProblem[] {
  return problemsOf(validateSync(input, { forbidUnknownValues: false }))
}

/** The same as refusals. `within`: where the input itself is a field. */
export function inputRefusals(input: object, within = ''): Refusal[] {
  return inputProblems(input).map(({ field, message }) => refuse('INVALID_INPUT', message, null, `${within}${field}`))
}

/** class-validator's tree without the values that it was given. */
export function problemsOf(
  errors: readonly Pick<ValidationError, 'property' | 'constraints' | 'children'>[],
  prefix = '',
): InputProblem[] {
  return errors.flatMap(({ property, constraints, children }) => {
    const field = `${prefix}${property}`
    const own = Object.values(constraints ?? {}).map((message) => ({ field, message }))
    return [...own, ...problemsOf(children ?? [], `${field}.`)]
  })
}
