import { viewNode } from '../../../domain/cluster/node-view.ts'
import { loopWaitOf } from '../../../domain/configuration/patroni-configuration.ts'
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

  // It looks, and changes nothing.
  isDone: async () => StepOutcome.NOT_DONE,

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
    await pollUntil(context, { what: 'no restart to be pending', timeoutMs, look })
    return undefined
  },
}
