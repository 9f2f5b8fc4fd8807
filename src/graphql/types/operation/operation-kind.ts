import { registerEnumType } from 'type-graphql'
import { kindEnumValue } from '../../../operations/define-operation.ts'
import type { OperationRegistry } from '../../../operations/load-operations.ts'

type KindEnum = Readonly<Record<string, string>>

let current: KindEnum = {}

/**
 * Makes the enum OperationKind from the registry: CREATE_BACKUP for "createBackup". type-graphql keeps what is decorated
 * in one place for the whole process, so this is one for the process too: the schema that is built next has it.
 */
export function defineOperationKinds(registry: OperationRegistry): void {
  const values: Record<string, string> = {}
  const valuesConfig: Record<string, { description: string }> = {}
  for (const { name, title, internal } of registry.values()) {
    values[kindEnumValue(name)] = name
    valuesConfig[kindEnumValue(name)] = {
      description: internal === true ? `${title}: asked for by Howdah itself.` : `${title}: the mutation ${name}.`,
    }
  }
  registerEnumType(values, {
    name: 'OperationKind',
    description: 'What an operation does: one kind a mutation, and those that Howdah asks for by itself.',
    valuesConfig,
  })
  current = values
}

/** For type thunks. */
export function operationKindEnum(): KindEnum {
  return current
}
