import { NotFoundError } from '../../domain/errors.ts'
import { RecoveryStatus } from '../../domain/recovery.ts'
import type { StepContext } from '../context.ts'
import { cutOverState, targetService } from './cut-over-state.ts'
import { serviceOf } from './node-wellness.ts'
import type { promoteCopy } from './promote-copy.ts'
import { readStackRoles, tellRoles } from './stack-roles.ts'

/** The copy that a recovery has made on its node. Given up, it is removed: promoted once, it can wait for nothing any more. */
export function recoveredCopyOf<Input>(
  recoveryOf: (context: StepContext<Input>) => string,
): Parameters<typeof promoteCopy<Input>>[0] {
  return {
    async subject(context) {
      const { id, server, node, directory } = await context.recoveries.get(recoveryOf(context))
      if (node === null) throw new NotFoundError(`recovery ${id} is on no node`)
      return { recovery: id, server, node, copy: directory }
    },
    async begin(context, recovery) {
      await context.recoveries.change(recovery, { status: RecoveryStatus.CUTTING_OVER })
    },
    async promote(context, { node, copy: directory }) {
      const copy = context.clients.recoveredCopy(serviceOf(context.layout, node), directory)
      await copy.promote()
      // One that a worker which was lost has stopped already had its roles by then.
      if ((await copy.status()).state === 'PROMOTED')
        tellRoles(context, await copy.setRoles(await readStackRoles(context)))
      await copy.stop()
    },
    async giveUp(context) {
      const { recovery, copy } = cutOverState(context)
      await context.clients.recoveredCopy(targetService(context), copy).remove()
      await context.recoveries.change(recovery, { status: RecoveryStatus.FAILED, connection: null, expiresAt: null })
      context.log(`The cluster has what it had; the recovered data in ${copy} was removed`)
    },
  }
}
