import { InvalidValueError, NotFoundError } from '../domain/errors.ts'
import type { OpenIssue } from '../domain/health/issue-events.ts'
import type { Actor } from '../domain/operation/operation.ts'
import { readGlobalId } from '../domain/resource-id.ts'
import type { Timestamp } from '../domain/timestamp.ts'
import type { IssueBook } from '../events/issue-recorder.ts'
import type { OperationRegistry } from '../operations/load-operations.ts'
import { requirePermission } from './permissions.ts'

const MAX_REASON = 500

/**
 * Records that a person has taken note of an open issue. Another acknowledgement takes the place of the one before. Throws
 * ForbiddenError, InvalidValueError and NotFoundError.
 */
export async function acknowledgeIssue(
  { issues, registry, now }: { issues: ReadonlyMap<string, IssueBook>; registry: OperationRegistry; now: () => Date },
  { id, until, reason, actor }: { id: string; until: Timestamp | null; reason: string | null; actor: Actor },
): Promise<OpenIssue> {
  requirePermission(actor, 'acknowledgeIssue', registry)
  const at = now()
  if (until !== null && until.toDate() <= at) {
    throw new InvalidValueError(`${until} is past`, { remedy: 'Name a later time, or none: as long as it lasts.' })
  }
  if (reason !== null && reason.length > MAX_REASON) {
    throw new InvalidValueError(`reason has ${reason.length} characters; at most ${MAX_REASON} are kept`)
  }
  const named = readGlobalId(id)
  const book = named?.type === 'HealthIssue' ? issues.get(named.named.cluster) : undefined
  const acknowledgement = { by: actor, at: at.toISOString(), until: until?.toString() ?? null, reason }
  const issue = (await book?.acknowledge(id, acknowledgement)) ?? null
  if (issue === null) throw new NotFoundError(`no issue ${id} is open`)
  return issue
}
