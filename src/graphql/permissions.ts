import { GraphQLError } from 'graphql'
import { type Actor, Role } from '../domain/operation/operation.ts'
import type { OperationRegistry } from '../operations/load-operations.ts'

/** Mutations that are no kinds of operation. */
export const CONTROL_MUTATIONS = ['cancelOperation', 'retryOperation'] as const

/** The mutations that a role may call, by name. The one rule: what is checked and what `viewer` tells both come from it. */
export function permissionsOf(role: Role, registry: OperationRegistry): readonly string[] {
  if (role === Role.VIEWER) return []
  const kinds = [...registry.values()].filter(
    ({ destructive, internal }) => internal !== true && (role === Role.ADMIN || !destructive),
  )
  return [...kinds.map(({ name }) => name), ...CONTROL_MUTATIONS]
}

/** Throws FORBIDDEN when the actor may not call that mutation. */
export function requirePermission(actor: Actor, mutation: string, registry: OperationRegistry): void {
  if (permissionsOf(actor.role, registry).includes(mutation)) return
  const remedy =
    'Use a token of a higher role: npm run --silent token admin. What yours may do: { viewer { permissions } }.'
  throw new GraphQLError(`${actor.role} may not call ${mutation}`, {
    extensions: { code: 'FORBIDDEN', remedy, retryable: false },
  })
}
