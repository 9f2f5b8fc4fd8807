import { messageOf, UnreachableError } from '../../../domain/errors.ts'
import { readLeader } from '../../leadership/leader-keys.ts'
import { readControlData } from '../../node-access/control-data.ts'
import { readInRecovery } from '../../node-access/node-socket.ts'
import type { CutOverContext } from './cut-over-state.ts'
import { cutOverState, targetService } from './cut-over-state.ts'

type Context = CutOverContext

/**
 * Whether the node has begun to lead with the recovered data, which is in its place: it may have taken writes then. Asked of
 * etcd, of the node's own PostgreSQL, and of its data, none of which is touched. Throws where the data cannot be read.
 */
export async function hasLed(context: Context): Promise<boolean> {
  const { node, live, copyTimeline } = cutOverState(context)
  const service = targetService(context)
  if ((await leaderInEtcd(context)) === node) return true
  // Over its own socket, which no role, password or network can close.
  if ((await readInRecovery(context, node)) === false) return true
  const { timeline, state } = await readControlData(context, service, live)
  // Patroni starts it as a replica: only its promotion makes it produce, on a timeline of its own.
  return timeline !== copyTimeline || state === 'in production'
}

/** The swap has removed the key: the node in it has led since. Null where etcd does not answer. */
async function leaderInEtcd(context: Context): Promise<string | null> {
  try {
    return await readLeader(context)
  } catch (error) {
    if (!(error instanceof UnreachableError)) throw error
    context.log(`Who leads cannot be read: ${messageOf(error)}; the node itself is asked`)
    return null
  }
}
