import { viewNode } from '../../domain/cluster/node-view.ts'
import { loopWaitOf } from '../../domain/configuration/patroni-configuration.ts'
import type { StepContext } from '../context.ts'
import { pollUntil } from '../poll-until.ts'
import { RestartStillPendingError } from './node-errors.ts'

/** Beside the cycle in which Patroni takes a flag away. */
const FLAG_MS = 10_000

/** Waits until none of these nodes, which were restarted, waits for a restart any more. Null: it is so; else what is left. */
export async function findStillPending(
  context: StepContext<unknown>,
  nodes: readonly string[],
): Promise<RestartStillPendingError | null> {
  const timeoutMs = 2 * loopWaitOf(context.cluster().topology.value?.configuration) * 1000 + FLAG_MS
  const look = async () => {
    await Promise.all(nodes.map((name) => context.clients.refreshNode(name)))
    const pending = nodes.flatMap((name) => describePending(context, name))
    if (pending.length === 0) return null
    return { seen: pending.join('; '), error: () => new RestartStillPendingError(pending) }
  }
  try {
    await pollUntil(context, { what: 'no restart to be pending', timeoutMs, look })
    return null
  } catch (error) {
    if (error instanceof RestartStillPendingError) return error
    throw error
  }
}

function describePending(context: StepContext<unknown>, name: string): string[] {
  const view = viewNode(context.cluster(), name)
  if (view?.pendingRestart !== true) return []
  const reasons = Object.keys(view.pendingRestartReasons ?? {}).join(', ')
  return [reasons === '' ? name : `${name} (${reasons})`]
}
