import { messageOf } from '../../../domain/errors.ts'
import { type PreviousData, RecoveryStatus } from '../../../domain/recovery/recovery.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { askNode } from '../../node-access/ask-node.ts'
import type { CutOverContext, CutOverOperationState } from './cut-over-state.ts'
import { cutOverState, required, targetService } from './cut-over-state.ts'

/** Records what the cut-over has come to, and what is kept of the cluster before it. */
export function settleRecovery(
  status: RecoveryStatus.COMPLETED | RecoveryStatus.UNDONE,
): Step<unknown, CutOverOperationState> {
  return {
    name: 'settle-recovery',
    title: 'Record what was cut over, and what is kept',
    usualSeconds: 1,
    isDone: async () => StepOutcome.NOT_DONE,

    async run(context) {
      const { recovery, cutOverAt, copyTimeline, copy } = cutOverState(context)
      // The data has gone into service; its private directory (socket, log, WAL spool) is no longer needed.
      await context.clients.recoveredCopy(targetService(context), copy).remove()
      const { downtimeSeconds = null } = context.state()
      const previous = await previousData(context)
      const patch = {
        status,
        previous,
        connection: null,
        expiresAt: null,
        timeline: copyTimeline ?? null,
      }
      await context.recoveries.change(
        recovery,
        status === RecoveryStatus.UNDONE
          ? { status, previous }
          : { ...patch, cutOverAt: cutOverAt ?? null, downtimeSeconds },
      )
      context.log(
        `What was given up is kept in ${previous.directory} on ${previous.node}, and in the archive up to ${previous.endLsn} of timeline ${previous.timeline}`,
      )
      return undefined
    },
  }
}

async function previousData(context: CutOverContext): Promise<PreviousData> {
  const { node, previous: directory, ended } = cutOverState(context)
  const { timeline, lsn: endLsn } = required(ended, 'the history that was left')
  const bytes = await askNode(context, targetService(context), (each) => each.size(directory)).catch(
    (error: unknown) => {
      context.log(`How large it is could not be measured: ${messageOf(error)}`)
      return null
    },
  )
  return { node, directory, timeline, endLsn, bytes }
}
