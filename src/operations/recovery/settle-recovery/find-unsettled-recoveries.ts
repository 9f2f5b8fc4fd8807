import { isUnsettled, type RecoveryRecord } from '../../../domain/recovery/recovery.ts'
import type { Automation } from '../../automation.ts'
import type { SettleRecoveryInput } from './settle-recovery-input.ts'

/** Every minute at first; what has not helped for ten may wait for a person. */
const SOON_MS = 60_000
const LATER_MS = 600_000

/** Recoveries that an operation has left neither READY nor at their end. */
export const findUnsettledRecoveries: Automation<SettleRecoveryInput> = {
  everyMs: 10_000,

  async findNeeds({ readUnfinished, now }) {
    const { active, recoveries } = await readUnfinished()
    const left = recoveries.filter((record) => isUnsettled(record) && !active.has(record.operationId))
    return left.map((record) => ({
      input: { recovery: record.id },
      reason: `operation ${record.operationId} has ended and left it ${record.status}`,
      key: `settle-recovery:${record.id}:${record.operationId}:${roundSince(record, now())}`,
    }))
  },
}

function roundSince({ updatedAt }: RecoveryRecord, now: Date): string {
  const since = now.getTime() - Date.parse(updatedAt)
  return since < LATER_MS ? `${Math.floor(since / SOON_MS)}` : `later-${Math.floor(since / LATER_MS)}`
}
