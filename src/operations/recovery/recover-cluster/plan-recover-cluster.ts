import { RecoveryMode } from '../../../domain/recovery/recovery.ts'
import { describeTarget, type RecoveryTarget } from '../../../domain/recovery/recovery-target.ts'
import { formatLsn } from '../../../domain/wal/lsn.ts'
import type { PlanContext } from '../../context.ts'
import type { PlanDraft } from '../../plan-draft.ts'
import { planRecovery } from '../copy/plan-recovery.ts'
import { rolesCheck } from '../cut-over/check-roles.ts'
import { scopeOfCutOver } from '../cut-over/cut-over-scope.ts'
import { amountSince, cutOverDowntime, STAYS_RECOVERABLE } from '../cut-over/plan-cut-over.ts'
import type { AnyRecoveryInput } from '../recovery-inputs.ts'
import { CutOver } from '../recovery-inputs.ts'
import { nodeOfRecovery, targetOf } from '../recovery-verdict.ts'

/** Up to READY, and the cut-over after it where it follows by itself: then it costs what a cut-over costs. */
export function planRecoverCluster(context: PlanContext<AnyRecoveryInput>): PlanDraft {
  const recovery = planRecovery(context, RecoveryMode.IN_PLACE)
  if (context.input.cutOver !== CutOver.AUTOMATIC) return recovery
  const target = targetOf(context.input)
  return {
    ...recovery,
    summary: `${recovery.summary}, and puts it in the cluster's place as soon as it is verified`,
    checks: [...recovery.checks, rolesCheck(context.cluster)],
    downtimeSeconds: cutOverDowntime(context),
    dataLoss: target === null ? null : lossBehind(context, target),
    scope: scopeOfCutOver(context.layout, nodeOfRecovery(context), recovery.scope?.target),
  }
}

function lossBehind(context: PlanContext<AnyRecoveryInput>, target: RecoveryTarget): string {
  const time = target.kind === 'TIME' ? target.time.toString() : null
  const lsn = target.kind === 'LSN' ? formatLsn(target.lsn) : null
  return `What was committed after ${describeTarget(target)} is given up${amountSince(context, lsn, time)}. ${STAYS_RECOVERABLE}`
}
