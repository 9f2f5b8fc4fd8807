import { registerEnumType } from 'type-graphql'

type Descriptions<E extends string> = Readonly<Record<E, string>>

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
