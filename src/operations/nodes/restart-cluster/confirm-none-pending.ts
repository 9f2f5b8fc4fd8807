import { viewNode } from '../../../domain/cluster/node-view.ts'
import { loopWaitOf } from '../../../domain/configuration/patroni-configuration.ts'
import { LogLevel } from '../../../domain/operation/operation-events.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { pollUntil } from '../../poll-until.ts'
import { RestartStillPendingError } from '../node-errors.ts'
import type { RestartClusterInput } from './restart-cluster-input.ts'
import { orderOfRoll, type RestartClusterState } from './roll.ts'
import { rollOf } from './rolling-restart.ts'

/** Beside the cycle in which Patroni takes a flag away. */
const FLAG_MS = 10_000

/** Until no node that was restarted waits for a restart any more: what was asked for is in force. */
export const confirmNonePending: Step<RestartClusterInput, RestartClusterState> = {
  name: 'confirm-none-pending',
  title: 'See that no restart is pending any more',
  usualSeconds: 0.1,

  // It looks, and changes nothing: where a node was restarted, it is done again.
  isDone: async (context) =>
    orderOfRoll(await rollOf(context)).length === 0 ? StepOutcome.DONE : StepOutcome.NOT_DONE,

  async run(context) {
    const nodes = orderOfRoll(await rollOf(context))
    const timeoutMs = 2 * loopWaitOf(context.cluster().topology.value?.configuration) * 1000 + FLAG_MS
    const look = async () => {
      await Promise.all(nodes.map((name) => context.clients.refreshNode(name)))
      const pending = nodes.flatMap((name) => {
        const view = viewNode(context.cluster(), name)
        if (view?.pendingRestart !== true) return []
        const reasons = Object.keys(view.pendingRestartReasons ?? {}).join(', ')
        return [reasons === '' ? name : `${name} (${reasons})`]
      })
      if (pending.length === 0) return null
      return { seen: pending.join('; '), error: () => new RestartStillPendingError(pending) }
    }
    const wait = { what: 'no restart to be pending', timeoutMs, look }
    if (context.input.pendingOnly === true) return void (await pollUntil(context, wait))
    // Every node was to be restarted, and was: a flag that no restart takes away is no failure of that.
    const late = await pollUntil(context, wait).catch((error: unknown) => {
      if (error instanceof RestartStillPendingError) return error
      throw error
    })
    if (late instanceof RestartStillPendingError) context.log(late.message, LogLevel.WARNING)
    return undefined
  },
}
