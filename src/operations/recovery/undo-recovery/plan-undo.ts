import type { RecoveryRecord } from '../../../domain/recovery/recovery.ts'
import type { PlanContext } from '../../context.ts'
import type { PlanDraft } from '../../plan-draft.ts'
import { rolesCheck } from '../cut-over/check-roles.ts'
import { scopeOfCutOver } from '../cut-over/cut-over-scope.ts'
import { amountSince, cutOverDowntime, STAYS_RECOVERABLE, verificationCheck } from '../cut-over/plan-cut-over.ts'
import { findRecovery } from '../find-recovery.ts'
import type { CutOverInput } from '../recovery-operation-input.ts'

type Context = PlanContext<CutOverInput>

export function planUndo(context: Context): PlanDraft {
  const recovery = findRecovery(context)
  const node = recovery?.previous?.node ?? 'its node'
  return {
    downtimeSeconds: cutOverDowntime(context),
    checks: [verificationCheck(recovery), rolesCheck(context.cluster)],
    summary: `Brings back the state at the cut-over of ${recovery?.cutOverAt ?? 'that recovery'}: ${node} leads with it`,
    dataLoss: recovery === undefined ? null : lossOfUndo(context, recovery),
    scope: scopeOfCutOver(context.layout, recovery?.previous?.node ?? null),
  }
}

function lossOfUndo(context: Context, { cutOverAt }: RecoveryRecord): string {
  const at = cutOverAt ?? 'the cut-over'
  return `What was committed since ${at} is given up${amountSince(context, null, cutOverAt)}. ${STAYS_RECOVERABLE}`
}
