import { type RecoveryRecord, RecoveryStatus } from '../../../domain/recovery/recovery.ts'
import type { Automation } from '../../automation.ts'
import type { DiscardRecoveryInput } from './discard-recovery-input.ts'

/** How long after a failed discard it is requested again. */
const ROUND_MS = 600_000

/** Recoveries that are READY past their time. */
export const findExpiredRecoveries: Automation<DiscardRecoveryInput> = {
  everyMs: 10_000,

  async findNeeds({ readUnfinished, now }) {
    const { recoveries } = await readUnfinished()
    return recoveries.flatMap((recovery) => {
      const ms = overdueMs(recovery, now())
      if (ms === null) return []
      const { id, expiresAt } = recovery
      const key = `expire-recovery:${id}:${Math.floor(ms / ROUND_MS)}`
      return [{ input: { recovery: id }, reason: `it was to be kept until ${expiresAt}`, key }]
    })
  },
}

/** Since when it should have gone; null when it may stay. */
function overdueMs({ status, expiresAt }: RecoveryRecord, now: Date): number | null {
  if (status !== RecoveryStatus.READY || expiresAt === null) return null
  const since = now.getTime() - Date.parse(expiresAt)
  return since >= 0 ? since : null
}
