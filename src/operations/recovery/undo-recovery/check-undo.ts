import { hasEnded, isUndoable, type RecoveryRecord, RecoveryStatus } from '../../../domain/recovery/recovery.ts'
import { type ActiveOperations, onwardCall, recoverCall } from '../../../domain/recovery/recovery-exits.ts'
import { type Refusal, refuse } from '../../../domain/refusal.ts'
import type { PlanContext } from '../../context.ts'
import { checkCluster } from '../cut-over/check-cut-over.ts'
import { findRecovery, unknownRecovery } from '../find-recovery.ts'
import type { CutOverInput } from '../recovery-operation-input.ts'

export function checkUndo(context: PlanContext<CutOverInput>): Refusal[] {
  const recovery = findRecovery(context)
  if (recovery === undefined) return [unknownRecovery(context)]
  if (isUndoable(recovery))
    return checkCluster(context.cluster, recovery.previous?.node ?? null, context.input.force === true)
  const why = recovery.status === RecoveryStatus.COMPLETED ? 'its previous data is gone' : `it is ${recovery.status}`
  return [
    refuse(
      'NOT_UNDOABLE',
      `recovery ${recovery.id} cannot be undone: ${why}`,
      remedyForUndo(recovery, context.active),
      'recovery',
    ),
  ]
}

function remedyForUndo(record: RecoveryRecord, active: ActiveOperations): string {
  if (!hasEnded(record)) return `What leads on: ${onwardCall(record, active)}.`
  return `What was given up is in the archive: ${recoverCall(record)}, or another moment in the recovery windows.`
}
