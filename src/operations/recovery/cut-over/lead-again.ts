import { messageOf, UnreachableError } from '../../../domain/errors.ts'
import { LogLevel } from '../../../domain/operation/operation-events.ts'
import { readLeader } from '../../leadership/leader-keys.ts'
import { serviceOf } from '../../node-access/node-health.ts'
import { startPatroni } from '../../node-access/patroni-service.ts'
import { pollUntil } from '../../poll-until.ts'
import type { CutOverContext } from './cut-over-state.ts'

type Context = CutOverContext

const LEAD_MS = 180_000
const AGAIN_MS = 1_000

/**
 * For the time in which nodes still have a history that was left. Such a node must not lead (Patroni's check_timeline), but
 * where it has more WAL than the one that led, neither lets the other: Patroni alone would leave the cluster without a
 * leader for good. So that node is started where it is down, and Patroni is asked to have it lead, whatever others have.
 *
 * Each call sees to it that somebody leads, and answers whether that had to be waited for; calls at one time wait for one.
 * Throws WaitTimeoutError.
 */
export function seeThatLeads(context: Context, node: string): () => Promise<boolean> {
  let leading: Promise<void> | null = null
  return async () => {
    if (leading === null && (await findLeader(context)) !== null) return false
    leading ??= leadAgain(context, node).finally(() => {
      leading = null
    })
    await leading
    return true
  }
}

async function leadAgain(context: Context, node: string): Promise<void> {
  context.log(`Nobody leads any more: ${node} is started where it is down, and asked to lead`, LogLevel.WARNING)
  await pollUntil(context, {
    what: `${node} to lead again`,
    timeoutMs: LEAD_MS,
    intervalMs: AGAIN_MS,
    async look() {
      if ((await findLeader(context)) !== null) return null
      try {
        await startPatroni(context, serviceOf(context.layout, node))
        const { text } = await context.clients.patroni.failover(node, node, context.signal)
        return (await findLeader(context)) === null ? text : null
      } catch (error) {
        if (error instanceof UnreachableError) return messageOf(error)
        throw error
      }
    },
  })
  context.log(`${(await findLeader(context)) ?? node} leads again`)
}

/** What etcd does not tell now is no reason to interfere. */
async function findLeader(context: Context): Promise<string | null> {
  try {
    return await readLeader(context)
  } catch (error) {
    if (error instanceof UnreachableError) return 'somebody'
    throw error
  }
}
