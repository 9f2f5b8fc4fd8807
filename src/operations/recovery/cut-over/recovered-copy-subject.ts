import { NotFoundError } from '../../../domain/errors.ts'
import { RecoveryStatus } from '../../../domain/recovery/recovery.ts'
import { recoverCall } from '../../../domain/recovery/recovery-exits.ts'
import type { StepContext } from '../../context.ts'
import { replayAgain } from '../promotion/replay-again.ts'
import type { CutOverOperationState } from './cut-over-state.ts'
import { cutOverState, targetService } from './cut-over-state.ts'
import type { promoteCopy } from './promote-copy.ts'

/** The copy that a recovery has made on its node. Given up, it is removed: once promoted, it cannot wait any longer. */
export function recoveredCopyOf<Input>(
  recoveryOf: (context: StepContext<Input, CutOverOperationState>) => string,
): Parameters<typeof promoteCopy<Input>>[0] {
  return {
    async subject(context) {
      const record = await context.recoveries.get(recoveryOf(context))
      const { id, server, node, directory } = record
      if (node === null) throw new NotFoundError(`recovery ${id} is on no node`)
      return { recovery: id, server, node, copy: directory, again: recoverCall(record) }
    },
    awake: async (context) => replayAgain(context, await context.recoveries.get(recoveryOf(context))),
    async giveUp(context) {
      const { recovery, copy } = cutOverState(context)
      await context.clients.recoveredCopy(targetService(context), copy).remove()
      await context.recoveries.change(recovery, { status: RecoveryStatus.FAILED, connection: null, expiresAt: null })
      context.log(`The cluster has what it had; the recovered data in ${copy} was removed`)
    },
  }
}
