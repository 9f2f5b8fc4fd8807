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
 * While some nodes are still on an abandoned timeline. Such a node must not lead (Patroni's check_timeline), but
 * where it has more WAL than the one that led, neither lets the other: Patroni alone would leave the cluster without a
 * leader for good. So that node is started where it is down, and Patroni is asked to have it lead, whatever others have.
 *
 * Each call makes sure that a node leads, and answers whether it had to wait; concurrent calls share one attempt.
 * Throws WaitTimeoutError.
 */
export function seeThatLeads(context: Context, node: string): () => Promise<boolean> {
  let leading: Promise<void> | null = null
  return async () => {
    if (leading === null && !(await isLeaderless(context))) return false
    leading ??= leadAgain(context, node).finally(() => {
      leading = null
    })
    await leading
    return true
  }
}

async function leadAgain(context: Context, node: string): Promise<void> {
  context.log(`No node leads: ${node} is started where it is down, and asked to lead`, LogLevel.WARNING)
  await pollUntil(context, {
    what: `${node} to lead again`,
    timeoutMs: LEAD_MS,
    intervalMs: AGAIN_MS,
    async look() {
      if (!(await isLeaderless(context))) return null
      try {
        await startPatroni(context, serviceOf(context.layout, node))
        const { text } = await context.clients.patroni.failover(node, node, context.signal)
        return (await isLeaderless(context)) ? text : null
      } catch (error) {
        if (error instanceof UnreachableError) return messageOf(error)
        throw error
      }
    },
  })
  context.log(`${(await findLeader(context))?.name ?? node} leads again`)
}

/** Whether no node leads. An etcd that does not answer now is no reason to interfere. */
async function isLeaderless(context: Context): Promise<boolean> {
  const leader = await findLeader(context)
  return leader !== null && leader.name === null
}

/** Its name is null while no node leads; null when etcd cannot be read now. */
async function findLeader(context: Context): Promise<{ readonly name: string | null } | null> {
  try {
    return { name: await readLeader(context) }
  } catch (error) {
    if (error instanceof UnreachableError) return null
    throw error
  }
}
