import { hasEnded, RecoveryStatus } from '../../domain/recovery.ts'
import type { StepContext } from '../context.ts'
import { type Step, StepOutcome } from '../define-operation.ts'
import { HalfCutOverError } from './cut-over-errors.ts'
import { removePrevious } from './remove-previous.ts'
import { restoreRunId } from './restore-backup.ts'

interface DiscardRequest {
  readonly recovery: string
  readonly previousData?: boolean | null
}

/** Removes a recovery's copy, or, once it was cut over, what it has kept of the cluster before. */
export const discardData: Step<DiscardRequest> = {
  name: 'discard-data',
  title: 'Stop the recovered PostgreSQL and remove its data',
  // What is gone already is gone.
  done: async () => StepOutcome.NOT_DONE,

  async run(context) {
    const record = await context.recoveries.get(context.input.recovery)
    if (record.status === RecoveryStatus.COMPLETED || record.status === RecoveryStatus.UNDONE) {
      // It was READY when this was asked for: what a cut over has kept since was not meant.
      if (context.input.previousData !== true && record.previous !== null) return undefined
      await removePrevious(context, record)
      context.log(`Removed what recovery ${record.id} had kept`)
      return undefined
    }
    // It was asked for before a cut over that has been left half done since.
    if (record.status === RecoveryStatus.CUTTING_OVER) throw new HalfCutOverError(record.id)
    await removeCopyOf(context, record.id)
    await context.recoveries.change(record.id, {
      status: hasEnded(record) ? record.status : RecoveryStatus.DISCARDED,
      connection: null,
      expiresAt: null,
    })
    return undefined
  },
}

/** Whatever there is of it; the cluster has felt nothing of it. Already gone is success. */
export async function removeCopyOf(context: StepContext<unknown>, recovery: string): Promise<void> {
  const record = await context.recoveries.get(recovery)
  const { runs } = context.clients.barman(record.server)
  await runs.stop(restoreRunId(record.id), 3)
  await context.clients.recoveredCopy(record.service, record.directory).remove()
  await runs.remove(restoreRunId(record.id))
  context.log(`Removed ${record.directory} on ${record.service}`)
}
