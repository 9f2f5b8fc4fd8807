import { HowdahError } from '../domain/errors.ts'
import { type Actor, Role, Surface } from '../domain/operation/operation.ts'
import type { AnyOperation } from '../operations/define-operation.ts'
import type { OperationRegistry } from '../operations/load-operations.ts'
import type { OperationInput } from '../operations/operation-input.ts'

/** What can be requested of operations themselves, of issues and of schedules. */
export const CONTROL_MUTATIONS = [
  'acknowledgeIssue',
  'approveOperation',
  'cancelOperation',
  'deleteSchedule',
  'pauseSchedule',
  'putSchedule',
  'rejectOperation',
  'resumeSchedule',
  'retryOperation',
  'runSchedule',
] as const

/** Howdah itself: the only one that may request internal kinds. Known by identity, so that no token's name makes it. */
export const HOWDAH: Actor = { name: 'howdah', role: Role.ADMIN, surface: Surface.HOWDAH, onBehalfOf: null }

/** The actor's role does not allow the request. */
export class ForbiddenError extends HowdahError {
  readonly code = 'FORBIDDEN'
  constructor(role: Role, mutation: string) {
    super(`${role} may not call ${mutation}`, {
      remedy:
        'Use a token of a higher role: npm run --silent token admin. What yours may do: { viewer { permissions } }.',
    })
  }
}

/** The mutations that a role may call, by name. The one rule: the check and `viewer` both go by it. */
export function permissionsOf(role: Role, registry: OperationRegistry): readonly string[] {
  if (role === Role.VIEWER) return []
  const kinds = [...registry.values()].filter(
    ({ destructive, internal }) => internal !== true && (role === Role.ADMIN || !destructive),
  )
  return [...kinds.map(({ name }) => name), ...CONTROL_MUTATIONS]
}

/**
 * Whether the actor may request an operation of the kind, or propose one: a proposal destroys nothing, and is decided by a person whose
 * role allows the kind. Throws ForbiddenError.
 */
export function requireRequest(
  actor: Actor,
  { name, internal }: AnyOperation,
  { propose }: OperationInput,
  registry: OperationRegistry,
): void {
  if (propose !== true) requirePermission(actor, name, registry)
  else if (actor.role === Role.VIEWER || internal === true) throw new ForbiddenError(actor.role, name)
}

/** Throws ForbiddenError. `request`: a kind's name or one of CONTROL_MUTATIONS. */
export function requirePermission(actor: Actor, request: string, registry: OperationRegistry): void {
  if (actor === HOWDAH || permissionsOf(actor.role, registry).includes(request)) return
  throw new ForbiddenError(actor.role, request)
}
