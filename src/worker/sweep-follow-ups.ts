import { OperationStatus } from '../domain/operation/operation.ts'
import type { OperationLog } from '../events/operation-log.ts'
import type { Clock } from '../shared/clock.ts'
import { askFollowUps, type FollowUpDependencies } from './ask-follow-ups.ts'

/** Operations that ended longer ago are ignored. */
const RECENT_MS = 900_000
/** Grace period for the worker that ran it. */
const OWN_MS = 5_000
/** Newest operations: with these few, a look costs next to nothing. */
const LOOKED_AT = 50

/**
 * Looks at recent successes for missing follow-ups: the worker may have died between an operation's end and the request
 * for what follows. No worker requests a follow-up twice; this one does not repeat what was refused.
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
