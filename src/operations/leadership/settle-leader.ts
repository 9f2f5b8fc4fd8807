import { NodeState } from '../../domain/cluster/node.ts'
import { type NodeView, viewNode } from '../../domain/cluster/node-view.ts'
import { LogLevel } from '../../domain/operation/operation-events.ts'
import type { Lsn } from '../../domain/wal/lsn.ts'
import type { StepContext } from '../context.ts'
import { type Step, StepOutcome } from '../define-operation.ts'
import { requireWrites } from '../node-access/confirm-writes.ts'
import { lateAfter } from '../poll-until.ts'
import type { LeaderChangeInput, LeaderChangeState } from './leader-change-state.ts'

type Context = StepContext<LeaderChangeInput, LeaderChangeState>

const POLL_MS = 100
const FOLLOW_MS = 20_000

/**
 * Waits until writes go through HAProxy and the nodes that streamed before follow the new leader. The old leader comes
 * back as a replica by itself, some seconds later: its state shows that.
 */
export const settleLeader: Step<LeaderChangeInput, LeaderChangeState> = {
  name: 'settle',
  title: 'Wait until the cluster follows the new leader',
  usualSeconds: 0.3,

  async isDone(context) {
    return context.state().leader === undefined ? StepOutcome.DONE : StepOutcome.NOT_DONE
  },

  async run(context) {
    const { leader = '', from = null, followers = [], writable } = context.state()
    if (writable !== true) await requireWrites(context, leader)
    const awaited = followers.filter((name) => name !== leader && name !== from)
    const late = await untilFollowing(context, leader, awaited)
    if (late !== null) context.log(`Not streaming from ${leader} yet: ${late}`, LogLevel.WARNING)
    if (from !== null) context.log(`${from}, the leader until now, comes back as a replica by itself`)
    return undefined
  },
}

/** What those that do not follow in time are doing; null: all follow. */
async function untilFollowing(context: Context, leader: string, names: readonly string[]): Promise<string | null> {
  await context.clients.refreshNode(leader)
  // It has written since it leads: a node that has received this much is on its timeline, whatever a cached one says.
  const written = viewNode(context.cluster(), leader)?.lsn ?? null
  const look = async () => {
    await Promise.all(names.map((name) => context.clients.refreshNode(name)))
    const late = names.filter((name) => !follows(viewNode(context.cluster(), name), written))
    return late.map((name) => `${name} is ${stateOf(context, name)}`).join('; ') || null
  }
  return lateAfter(context, { what: `replicas to follow ${leader}`, timeoutMs: FOLLOW_MS, intervalMs: POLL_MS, look })
}

function follows(node: NodeView | null, written: Lsn | null): boolean {
  if (node?.state !== NodeState.STREAMING || written === null) return false
  return node.receivedLsn !== null && node.receivedLsn >= written
}

function stateOf(context: Context, name: string): string {
  const node = viewNode(context.cluster(), name)
  if (node === null) return 'not configured'
  return node.state.toLowerCase().replaceAll('_', ' ')
}
