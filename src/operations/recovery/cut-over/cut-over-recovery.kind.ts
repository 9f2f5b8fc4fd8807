import { InputType } from 'type-graphql'
import { EVERY_PART } from '../../../domain/cluster/snapshot-part.ts'
import { PlanRead } from '../../context.ts'
import { defineOperation } from '../../define-operation.ts'
import { findRecovery } from '../find-recovery.ts'
import { CutOverInput } from '../recovery-operation-input.ts'
import { recoveryResult } from '../recovery-result.ts'
import { checkCutOver } from './check-cut-over.ts'
import { cutOverClaims } from './cut-over-claims.ts'
import { cutOverOperationState } from './cut-over-state.ts'
import { cutOverSteps } from './cut-over-steps.ts'
import { firstBackup } from './first-backup.ts'
import { planCutOver } from './plan-cut-over.ts'
import { recoveredCopyOf } from './recovered-copy-subject.ts'

@InputType({ description: 'Which recovery takes the place of the cluster.' })
export class CutOverRecoveryInput extends CutOverInput {}

const STEPS = cutOverSteps<CutOverRecoveryInput>(recoveredCopyOf(({ input }) => input.recovery))

export default defineOperation({
  name: 'cutOverRecovery',
  title: 'Cut over to recovered data',
  description:
    'Puts the data of a recovery that is READY in the place of the cluster. Writes fail only from the stop of the old leader to the start of the new one, and for how long is measured. What is given up is archived to its last byte and kept on the node: undoRecovery brings it back. Up to the step start-target a failure rolls everything back.',
  input: CutOverRecoveryInput,
  reads: [PlanRead.RECOVERIES],
  state: cutOverOperationState,
  claims: (context) => cutOverClaims(findRecovery(context)?.server),
  fenced: true,
  destructive: true,
  retriesFromStart: true,
  check: checkCutOver,
  plan: planCutOver,
  // The recovery's own record: the cluster is about to be replaced, however it is.
  planRestsOn: [],
  changes: EVERY_PART,
  steps: STEPS,
  result: ({ operation, input }) => recoveryResult(operation, input.recovery),
  followUps: firstBackup,
})
