import { RecoveryStatus } from '../../../domain/recovery/recovery.ts'
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
 * Takes recovered data that waits on a node's volume into service. Up to `start-target` everything is undone when it
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
  applies: NonNullable<Step<Input>['applies']>,
): readonly Step<Input, CutOverOperationState>[] {
  return steps.map((step) => ({ ...step, applies }))
}
