import { LogLevel } from '../../../domain/operation/operation-events.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { findStillPending } from '../find-still-pending.ts'
import type { RestartClusterInput } from './restart-cluster-input.ts'
import { orderOfRoll, type RestartClusterState } from './roll.ts'
import { rollOf } from './rolling-restart.ts'

/** Until no node that was restarted waits for a restart any more: what was asked for is in force. */
export const confirmNonePending: Step<RestartClusterInput, RestartClusterState> = {
  name: 'confirm-none-pending',
  title: 'See that no restart is pending any more',
  usualSeconds: 0.1,

  // It looks, and changes nothing: where a node was restarted, it is done again.
  isDone: async (context) =>
    orderOfRoll(await rollOf(context)).length === 0 ? StepOutcome.DONE : StepOutcome.NOT_DONE,

  async run(context) {
    const pending = await findStillPending(context, orderOfRoll(await rollOf(context)))
    if (pending === null) return undefined
    if (context.input.pendingOnly === true) throw pending
    // Every node was to be restarted, and was: a flag that no restart takes away is no failure of that.
    context.log(pending.message, LogLevel.WARNING)
    return undefined
  },
}
