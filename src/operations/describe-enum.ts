import { registerEnumType } from 'type-graphql'

type Descriptions<E extends string> = Readonly<Record<E, string>>

/** Registers a table of codes, each with its meaning, as an enum whose values are the codes. Answers the enum. */
export function describeCodes<T extends Descriptions<string>>(
  table: T,
  name: string,
  description: string,
): { readonly [C in keyof T]: C } {
  const codes = Object.fromEntries(Object.keys(table).map((code) => [code, code])) as { readonly [C in keyof T]: C }
  describeEnum(codes as Readonly<Record<string, string>>, name, description, table)
  return codes
}

/** Registers an enum of the domain with a description for every value: a new value does not compile without one. */
export function describeEnum<E extends string>(
  values: Readonly<Record<string, E>>,
  name: string,
  description: string,
  valueDescriptions: Descriptions<E>,
): void {
  const valuesConfig: Record<string, { description: string }> = {}
  for (const [key, value] of Object.entries(values)) valuesConfig[key] = { description: valueDescriptions[value] }
  registerEnumType(values, { name, description, valuesConfig })
}
