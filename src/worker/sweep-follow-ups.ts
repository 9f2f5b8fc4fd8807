import { OperationStatus } from '../domain/operation/operation.ts'
import type { OperationLog } from '../events/operation-log.ts'
import type { Clock } from '../shared/clock.ts'
import { askFollowUps, type FollowUpDependencies } from './ask-follow-ups.ts'

/** What ended longer ago is not followed any more. */
const RECENT_MS = 900_000
/** Until then it is for whoever ran it. */
const OWN_MS = 5_000
/** Newest operations: with these few, a look costs next to nothing. */
const LOOKED_AT = 50

/**
 * A look at what has succeeded of late, for what should have followed: whoever ran it may have died between its end and
 * its asking. What was asked for already is not asked for again, by anybody; what was refused is not, by this one.
 */
export function createFollowUpSweep(
  deps: FollowUpDependencies & { readonly log: Pick<OperationLog, 'list'>; readonly clock: Clock },
): () => Promise<void> {
  const isFollowed = (kind: string) => deps.registry.get(kind)?.followUps !== undefined
  const asked = new Set<string>()
  return async () => {
    const { operations } = await deps.log.list({ limit: LOOKED_AT, from: null, backward: false, filter: {} })
    for (const operation of operations) {
      if (operation.status !== OperationStatus.SUCCEEDED || !isFollowed(operation.kind)) continue
      const age = deps.clock.now().getTime() - Date.parse(operation.finishedAt ?? '')
      if (!(age >= OWN_MS && age < RECENT_MS) || asked.has(operation.id)) continue
      asked.add(operation.id)
      await askFollowUps(deps, operation)
    }
  }
}
