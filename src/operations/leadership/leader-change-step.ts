import type { PatroniAnswer } from '../../clients/patroni/patroni-commands.ts'
import type { StepContext } from '../context.ts'
import { StepOutcome } from '../define-operation.ts'
import { awaitAskedChange, changeLeader } from './change-leader.ts'
import type { LeaderChangeInput, LeaderChangeState } from './leader-change-state.ts'
import { readLeader, readNewLeader } from './leader-keys.ts'

/** What the step of a switchover that asks Patroni and that of a failover have in common: state in, state out. */
type Context = StepContext<LeaderChangeInput, LeaderChangeState>

/** Changes the leader as it was prepared; what it answers is kept for the steps after it. */
export async function changePreparedLeader(
  context: Context,
  request: { ask(): Promise<PatroniAnswer>; readonly timeoutMs: number },
): Promise<LeaderChangeState> {
  const { from = null, candidate = null, asked = false } = context.state()
  const keepAsked = () => context.keep({ asked: true }, 'Asking Patroni')
  const changed = asked ? await awaitAskedChange(context, { from, candidate, ...request }) : null
  if (changed !== null) return { leader: changed }
  const { leader, downtimeSeconds } = await changeLeader(context, { from, candidate, keepAsked, ...request })
  return { leader, writable: true, ...(downtimeSeconds === null ? {} : { downtimeSeconds }) }
}

/**
 * `isDone` of a step that changes the leader: before Patroni was asked, whether it is already so; after that, whether another
 * node leads, which is kept for the steps after it.
 */
export async function leaderChangeDone(context: Context, alreadySo: () => Promise<boolean>): Promise<StepOutcome> {
  const { asked, from = null } = context.state()
  if (asked !== true) return (await alreadySo()) ? StepOutcome.DONE : StepOutcome.NOT_DONE
  const leader = await readNewLeader(context, from)
  if (leader === null) return StepOutcome.NOT_DONE
  await context.keep({ leader }, `${leader} leads: Patroni went on without the worker`)
  return StepOutcome.DONE
}

/** Whether the node that was chosen, or else asked for, leads; false while none is named. */
export async function candidateLeads(context: Context): Promise<boolean> {
  const candidate = context.state().candidate ?? context.input.candidate ?? null
  return candidate !== null && (await readLeader(context)) === candidate
}
