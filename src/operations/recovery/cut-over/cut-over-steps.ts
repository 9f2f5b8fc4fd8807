import { RecoveryStatus } from '../../../domain/recovery/recovery.ts'
import type { StepContext } from '../../context.ts'
import type { Step } from '../../define-operation.ts'
import { scopeOfPreparedCutOver } from './cut-over-scope.ts'
import type { CutOverOperationState } from './cut-over-state.ts'
import { drainArchive } from './drain-archive.ts'
import { promoteCopy } from './promote-copy.ts'
import { settleRecovery } from './record-outcome.ts'
import { rejoinReplicas } from './rejoin-replicas.ts'
import { resumeArchive } from './resume-archive.ts'
import { startTarget } from './start-target.ts'
import { stopCluster } from './stop-cluster.ts'
import { swapData } from './swap-data.ts'

/**
 * Takes recovered data that waits on a node's volume into service. Up to `start-target` everything is taken back when it
 * fails; from there on it is completed.
 */
export function cutOverSteps<Input>(
  deps: Parameters<typeof promoteCopy<Input>>[0],
  status: RecoveryStatus.COMPLETED | RecoveryStatus.UNDONE = RecoveryStatus.COMPLETED,
): readonly Step<Input, CutOverOperationState>[] {
  return [
    promoteCopy(deps),
    drainArchive,
    { ...stopCluster, scope: scopeOfPreparedCutOver },
    swapData,
    startTarget,
    rejoinReplicas,
    settleRecovery(status),
    resumeArchive,
  ]
}

/** The same steps where only some requests ask for them; for the others they are SKIPPED. */
export function onlyWhere<Input>(
  steps: readonly Step<Input, CutOverOperationState>[],
  applies: (context: StepContext<Input, CutOverOperationState>) => boolean,
): readonly Step<Input, CutOverOperationState>[] {
  return steps.map((step) => ({ ...step, applies }))
}

/** Seconds that each takes on an idle stack on 2 cores, until there is a cut over to go by. */
export const CUT_OVER_SECONDS: Readonly<Record<string, number>> = {
  'replay-previous': 10,
  'promote-copy': 6,
  'drain-archive': 3,
  'stop-cluster': 4,
  'swap-data': 0.3,
  'start-target': 6,
  'rejoin-replicas': 12,
  'settle-recovery': 1,
  'resume-archive': 4,
}
export const CUT_OVER_DOWNTIME_SECONDS = 9
