import { NodeState } from '../../domain/node.ts'
import { viewNode } from '../../domain/node-view.ts'
import { LogLevel } from '../../domain/operation-events.ts'
import type { StepContext } from '../context.ts'
import { type Step, StepOutcome } from '../define-operation.ts'
import { type LeaderChangeRequest, leaderChangeState } from './leader-change-state.ts'

type Context = StepContext<LeaderChangeRequest>

const POLL_MS = 100
const FOLLOW_MS = 20_000

/**
 * Waits until writes go through HAProxy and the nodes that streamed before follow the new leader. The old leader comes
 * back as a replica by itself, some seconds later: whoever needs it then sees it in its state.
 */
export const settleLeader: Step<LeaderChangeRequest> = {
  name: 'settle',
  title: 'Wait until the cluster follows the new leader',

  async done(context) {
    return leaderChangeState(context).leader === undefined ? StepOutcome.DONE : StepOutcome.NOT_DONE
  },

  async run(context) {
    const { leader = '', from = null, followers = [], writable } = leaderChangeState(context)
    if (writable !== true) {
      const probe = context.clients.writeProbe.start()
      await probe.ready.finally(() => probe.stop())
    }
    const awaited = followers.filter((name) => name !== leader && name !== from)
    const late = await untilFollowing(context, leader, awaited)
    if (late.length > 0) context.log(`Not streaming from ${leader} yet: ${late.join('; ')}`, LogLevel.WARNING)
    if (from !== null && from !== leader) context.log(`${from}, the leader until now: ${stateOf(context, from)}`)
    return undefined
  },
}

/** What those that do not follow in time are doing. */
async function untilFollowing(context: Context, leader: string, names: readonly string[]): Promise<string[]> {
  const deadline = context.now().getTime() + FOLLOW_MS
  for (;;) {
    await Promise.all([leader, ...names].map((name) => context.clients.refreshNode(name)))
    const timeline = viewNode(context.cluster(), leader)?.timeline ?? null
    const late = names.filter((name) => !follows(context, name, timeline))
    if (late.length === 0) return []
    if (context.now().getTime() > deadline) return late.map((name) => `${name} is ${stateOf(context, name)}`)
    await context.sleep(POLL_MS)
  }
}

function follows(context: Context, name: string, timeline: number | null): boolean {
  const node = viewNode(context.cluster(), name)
  return node?.state === NodeState.STREAMING && node.timeline === timeline
}

function stateOf(context: Context, name: string): string {
  const node = viewNode(context.cluster(), name)
  if (node === null) return 'not configured'
  const state = node.state.toLowerCase().replaceAll('_', ' ')
  return `${state}${node.timeline === null ? '' : ` on timeline ${node.timeline}`}`
}
