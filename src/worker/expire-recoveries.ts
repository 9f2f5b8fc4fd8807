import type { OperationService } from '../admission/operation-service.ts'
import { messageOf } from '../domain/errors.ts'
import { type Actor, Role } from '../domain/operation/operation.ts'
import { type RecoveryRecord, RecoveryStatus } from '../domain/recovery/recovery.ts'
import type { RecoveryStore } from '../events/recovery-store.ts'
import type { OperationInput } from '../operations/operation-input.ts'
import type { Clock } from '../shared/clock.ts'
import type { Logger } from '../shared/logger.ts'

/** Howdah itself. */
const HOWDAH: Actor = { name: 'howdah', role: Role.ADMIN }
const LOOK_MS = 10_000
/** After so long a discard that failed is asked for once more. */
const ROUND_MS = 600_000

/**
 * Asks for the end of each recovery that is READY past its time, once a round, however many workers see it: the key of
 * the request says which recovery and which round.
 */
export function expireRecoveries(deps: {
  readonly cluster: string
  readonly recoveries: Pick<RecoveryStore, 'list'>
  readonly operations: Pick<OperationService, 'submit'>
  readonly clock: Clock
  readonly logger: Logger
}): () => void {
  const { cluster, recoveries, operations, clock, logger } = deps
  const accepted = new Set<string>()
  let looking = false

  async function discard({ id, expiresAt }: RecoveryRecord, key: string): Promise<void> {
    const input: OperationInput & { readonly recovery: string } = {
      cluster,
      recovery: id,
      reason: `it was to be kept until ${expiresAt}`,
      confirm: cluster,
      idempotencyKey: key,
    }
    const { operation, refusals } = await operations.submit('discardRecovery', input, HOWDAH)
    if (operation === null) {
      logger.warn({ recovery: id, refusals }, 'an expired recovery is not discarded')
      return
    }
    accepted.add(key)
    logger.info({ recovery: id, operation: operation.id }, 'a recovery has expired')
  }

  async function look(): Promise<void> {
    const now = clock.now().getTime()
    for (const recovery of await recoveries.list(cluster)) {
      const overdueMs = overdue(recovery, now)
      if (overdueMs === null) continue
      const key = `expire-recovery:${recovery.id}:${Math.floor(overdueMs / ROUND_MS)}`
      if (!accepted.has(key)) await discard(recovery, key)
    }
  }

  return clock.every(LOOK_MS, () => {
    if (looking) return
    looking = true
    look()
      .catch((error: unknown) => logger.warn({ cluster, error: messageOf(error) }, 'expired recoveries'))
      .finally(() => {
        looking = false
      })
  })
}

/** Milliseconds since it should have gone; null when it may stay. */
function overdue({ status, expiresAt }: RecoveryRecord, now: number): number | null {
  if (status !== RecoveryStatus.READY || expiresAt === null) return null
  const since = now - Date.parse(expiresAt)
  return since >= 0 ? since : null
}
