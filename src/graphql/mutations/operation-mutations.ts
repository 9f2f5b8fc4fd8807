import { Arg, Ctx, Mutation, Resolver } from 'type-graphql'
import type { AnyOperation } from '../../operations/define-operation.ts'
import type { OperationRegistry } from '../../operations/load-operations.ts'
import type { OperationInput } from '../../operations/operation-input.ts'
import type { ApiContext } from '../request-context.ts'
import { OperationPayload } from '../types/operation/operation-payload.ts'

/** A resolver class with one mutation for each kind: its name, text and input are the kind's own. */
export function operationMutations(registry: OperationRegistry): new () => object {
  class OperationMutations {}
  for (const definition of registry.values()) {
    if (definition.internal !== true) addMutation(OperationMutations.prototype, definition)
  }
  Resolver()(OperationMutations)
  return OperationMutations
}

function addMutation(prototype: object, { name, description, destructive, input }: AnyOperation): void {
  const value = async (request: OperationInput, { actor, deps }: ApiContext): Promise<OperationPayload> => {
    return new OperationPayload(await deps.operations.submit(name, request, actor))
  }
  const descriptor: PropertyDescriptor = { value, configurable: true, writable: true }
  Object.defineProperty(prototype, name, descriptor)
  const text = `${description} ${destructive ? 'Destructive: role ADMIN.' : 'Role OPERATOR.'}`
  Mutation(() => OperationPayload, { description: text })(prototype, name, descriptor)
  // With class-validator: only what people type is validated, so the schema as a whole is not.
  Arg('input', () => input, { validate: true, description: 'What to do, and how.' })(prototype, name, 0)
  Ctx()(prototype, name, 1)
}
