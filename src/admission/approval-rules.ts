import { InvalidValueError } from '../domain/errors.ts'
import type { Actor } from '../domain/operation/operation.ts'
import type { OperationRegistry } from '../operations/load-operations.ts'

/** What a person has to have approved. */
export interface ApprovalRules {
  /** Kinds that run only once they were approved, whatever role requests them. */
  readonly required: ReadonlySet<string>
  /** Whether the one who approves must be another than the one who proposed. */
  readonly distinct: boolean
  /** Seconds after which a proposal is rejected by itself. */
  readonly expireSeconds: number
}

/** Of a process whose requests follow from operations that have been admitted. */
export const NO_APPROVALS: ApprovalRules = { required: new Set(), distinct: false, expireSeconds: 86_400 }

/** Of a configuration. Throws InvalidValueError where it names what is no kind that can be requested. */
export function approvalRules(
  { required, ...rules }: { required: readonly string[]; distinct: boolean; expireSeconds: number },
  registry: OperationRegistry,
): ApprovalRules {
  const unknown = required.filter((kind) => !registry.has(kind) || registry.get(kind)?.internal === true)
  if (unknown.length === 0) return { ...rules, required: new Set(required) }
  throw new InvalidValueError(`approvals.required names no kind that can be requested: ${unknown.join(', ')}`, {
    remedy: 'Correct configs/howdah.yml; the kinds are in docs/operations/README.md.',
  })
}

/** By the owner of the token: for whom a program says that it asks proves nothing. */
export const isSamePerson = (one: Actor, other: Actor) => one.name === other.name
