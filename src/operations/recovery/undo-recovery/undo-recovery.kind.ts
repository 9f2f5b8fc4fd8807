import { InputType } from 'type-graphql'
import { EVERY_PART } from '../../../domain/cluster/snapshot-part.ts'
import { RecoveryStatus } from '../../../domain/recovery/recovery.ts'
import { PlanRead } from '../../context.ts'
import { defineOperation } from '../../define-operation.ts'
import { cutOverClaims } from '../cut-over/cut-over-claims.ts'
import { cutOverOperationState } from '../cut-over/cut-over-state.ts'
import { cutOverSteps } from '../cut-over/cut-over-steps.ts'
import { firstBackup } from '../cut-over/first-backup.ts'
import { findRecovery } from '../find-recovery.ts'
import { CutOverInput } from '../recovery-operation-input.ts'
import { recoveryResult } from '../recovery-result.ts'
import { checkUndo } from './check-undo.ts'
import { planUndo } from './plan-undo.ts'
import { previousDataOf, replayPrevious } from './replay-previous.ts'

@InputType({ description: 'Which recovery was the wrong one.' })
export class UndoRecoveryInput extends CutOverInput {}

const STEPS = [replayPrevious, ...cutOverSteps<UndoRecoveryInput>(previousDataOf, RecoveryStatus.UNDONE)]

export default defineOperation({
  name: 'undoRecovery',
  title: 'Undo a recovery',
  description:
    'Brings back the state at the cut-over of a recovery, to the last commit, on a further timeline, for as long as the data from before is kept. What was written since the cut-over is given up, and stays recoverable. The same care and the same downtime as cutOverRecovery.',
  input: UndoRecoveryInput,
  reads: [PlanRead.RECOVERIES],
  state: cutOverOperationState,
  claims: (context) => cutOverClaims(findRecovery(context)?.server),
  fenced: true,
  destructive: true,
  retriesFromStart: true,
  check: checkUndo,
  plan: planUndo,
  // The recovery's own record: the cluster is about to be replaced, however it is.
  planRestsOn: [],
  changes: EVERY_PART,
  steps: STEPS,
  result: ({ operation, input }) => recoveryResult(operation, input.recovery),
  followUps: firstBackup,
})
