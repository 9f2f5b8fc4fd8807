import { NotFoundError } from '../../domain/errors.ts'
import { RecoveryStatus } from '../../domain/recovery.ts'
import type { StepContext } from '../context.ts'
import { cutOverState, targetService } from './cut-over-state.ts'
import type { promoteCopy } from './promote-copy.ts'
import { runScript } from './run-on-node.ts'

const REMOVE_MS = 600_000
/** Nothing but a recovery's own directory is ever removed. */
const REMOVE = `case $1 in *.recovery-*) ;; *) echo "$1 is no recovery's" >&2; exit 1 ;; esac
[ ! -d "$1" ] || { pg_ctl -D "$1" -m immediate -w stop > /dev/null 2>&1 || true; rm -rf -- "$1"; }`

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
    async giveUp(context) {
      const { recovery, copy } = cutOverState(context)
      await runScript(context, targetService(context), REMOVE, [copy], { user: 'postgres', timeoutMs: REMOVE_MS })
      await context.recoveries.change(recovery, { status: RecoveryStatus.FAILED, connection: null })
      context.log(`The cluster has what it had; the recovered data in ${copy} was removed`)
    },
  }
}
