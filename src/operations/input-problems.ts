import { type ValidationError, validateSync } from 'class-validator'

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
