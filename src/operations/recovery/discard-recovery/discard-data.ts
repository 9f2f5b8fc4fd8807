import { hasEnded, RecoveryStatus } from '../../../domain/recovery/recovery.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { removeCopyOf } from '../copy/remove-copy.ts'
import { HalfCutOverError } from '../recovery-errors.ts'
import type { DiscardRecoveryInput } from './discard-recovery-input.ts'
import { removePrevious } from './remove-previous.ts'

/** Removes a recovery's copy, or, once it was cut over, what it has kept of the cluster before. */
export const discardData: Step<DiscardRecoveryInput> = {
  name: 'discard-data',
  title: 'Stop the recovered PostgreSQL and remove its data',
  usualSeconds: 2,
  // What is gone already is gone.
  isDone: async () => StepOutcome.NOT_DONE,

  async run(context) {
    const record = await context.recoveries.get(context.input.recovery)
    if (record.status === RecoveryStatus.COMPLETED || record.status === RecoveryStatus.UNDONE) {
      // It was READY when this was asked for: what a cut-over has kept since was not meant.
      if (context.input.previousData !== true && record.previous !== null) return undefined
      await removePrevious(context, record)
      context.log(`Removed what recovery ${record.id} had kept`)
      return undefined
    }
    // It was requested before a cut-over that has been left unfinished since.
    if (record.status === RecoveryStatus.CUTTING_OVER) throw new HalfCutOverError(record.id)
    await removeCopyOf(context, record.id, hasEnded(record) ? record.status : RecoveryStatus.DISCARDED)
    return undefined
  },
}
