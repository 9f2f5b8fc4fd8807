import { Arg, Ctx, Mutation, Resolver } from 'type-graphql'
import { requireRequest } from '../../admission/permissions.ts'
import type { AnyOperation } from '../../operations/define-operation.ts'
import { inputRefusals } from '../../operations/input-problems.ts'
import type { OperationRegistry } from '../../operations/load-operations.ts'
import type { OperationInput } from '../../operations/operation-input.ts'
import { takeNames } from '../../operations/take-names.ts'
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

function addMutation(prototype: object, definition: AnyOperation): void {
  const { name, description, destructive, input } = definition
  const value = async (request: OperationInput, { actor, deps }: ApiContext): Promise<OperationPayload> => {
    requireRequest(actor, definition, request, deps.registry)
    // With the other refusals, where callers look: no error of GraphQL.
    const refusals = [...takeNames(request), ...inputRefusals(request)]
    if (refusals.length > 0) return OperationPayload.refused(refusals)
    return new OperationPayload(await deps.operations.submit(name, request, actor))
  }
  const descriptor: PropertyDescriptor = { value, configurable: true, writable: true }
  Object.defineProperty(prototype, name, descriptor)
  const text = `${description} ${destructive ? 'Destructive: role ADMIN.' : 'Role OPERATOR.'}`
  Mutation(() => OperationPayload, { description: text })(prototype, name, descriptor)
  Arg('input', () => input, { description: 'What to do, and how.' })(prototype, name, 0)
  Ctx()(prototype, name, 1)
}
