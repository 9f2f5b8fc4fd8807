import { RecoveryStatus } from '../../../domain/recovery/recovery.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import type { RehearseRecoveryInput } from './rehearse-recovery-input.ts'
import { removeCopyOf } from './remove-copy.ts'

/** Ends a drill: what it has proved is on record, and its disk is free. */
export const discardCopy: Step<RehearseRecoveryInput> = {
  name: 'discard-copy',
  title: 'Stop the recovered PostgreSQL and remove its data',
  usualSeconds: 2,
  weight: 0.1,
  applies: ({ input }) => input.discard === true,
  // What is gone already is gone.
  isDone: async () => StepOutcome.NOT_DONE,

  async run(context) {
    await removeCopyOf(context, context.operation.id, RecoveryStatus.DISCARDED)
    return undefined
  },
}
