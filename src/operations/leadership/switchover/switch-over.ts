import { NodeState } from '../../../domain/cluster/node.ts'
import { viewNodes } from '../../../domain/cluster/node-view.ts'
import { assessSwitchover, bestForSwitchover } from '../../../domain/cluster/switchover-eligibility.ts'
import { messageOf } from '../../../domain/errors.ts'
import { LogLevel } from '../../../domain/operation/operation-events.ts'
import type { StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { pollUntil } from '../../poll-until.ts'
import { nodeReasons, SWITCHOVER_MS } from '../change-leader.ts'
import { scopeOfLeaderChange } from '../leader-change-scope.ts'
import { type LeaderChangeState, timeOf } from '../leader-change-state.ts'
import { candidateLeads, changePreparedLeader, leaderChangeDone } from '../leader-change-step.ts'
import { NoCandidateError, ScheduleError } from '../leader-errors.ts'
import { readLeader, readLeaderRequest } from '../leader-keys.ts'
import type { SwitchoverInput } from './switchover-input.ts'

type Context = StepContext<SwitchoverInput, LeaderChangeState>

const CHECKPOINT_MS = 120_000
const SCHEDULE_MS = 10_000
const POLL_MS = 100

/** Chooses, and writes a checkpoint: a leader with little to write is shut down soon. */
export const prepareSwitchover: Step<SwitchoverInput, LeaderChangeState> = {
  name: 'prepare',
  title: 'Choose the node, and write a checkpoint on the leader',
  usualSeconds: 0.2,

  isDone: async (context) => ((await leadsAlready(context)) ? StepOutcome.DONE : StepOutcome.NOT_DONE),

  async run(context) {
    await Promise.all(context.layout.nodes.map(({ name }) => context.clients.refreshNode(name)))
    const at = timeOf(context.input)
    const candidate = choose(context)
    const snapshot = context.cluster()
    const from = await readLeader(context)
    const followers = viewNodes(snapshot).filter(({ state }) => state === NodeState.STREAMING)
    if (at === null) await checkpoint(context, from ?? 'the leader')
    return {
      from,
      // Patroni itself chooses when the time has come.
      candidate: at !== null && !context.input.candidate ? null : candidate,
      followers: followers.map(({ name }) => name),
      // A retry begins with what its predecessor kept.
      asked: false,
    }
  },
}

/** Asks Patroni, at once or for a time. */
export const switchOver: Step<SwitchoverInput, LeaderChangeState> = {
  name: 'switch',
  title: 'Have Patroni switch over',
  usualSeconds: 1.4,
  weight: 3,
  pointOfNoReturn: true,

  scope(context) {
    const { from = null, candidate = null } = context.state()
    return scopeOfLeaderChange({ from, candidate, losesData: false })
  },

  async isDone(context) {
    if (timeOf(context.input) !== null) return (await isScheduled(context)) ? StepOutcome.DONE : StepOutcome.NOT_DONE
    return leaderChangeDone(context, () => candidateLeads(context))
  },

  run: (context) => (timeOf(context.input) === null ? switchNow(context) : schedule(context)),
}

function switchNow(context: Context): Promise<LeaderChangeState> {
  const { from = null, candidate = null } = context.state()
  const leader = from ?? ''
  return changePreparedLeader(context, {
    // Asked of the leader itself, which then begins at once.
    ask: () => context.clients.patroni.switchover(leader, { leader, candidate, at: null }),
    timeoutMs: SWITCHOVER_MS,
  })
}

async function schedule(context: Context): Promise<undefined> {
  const { from = null, candidate = null } = context.state()
  const leader = from ?? ''
  const answer = await context.clients.patroni
    .switchover(leader, { leader, candidate, at: timeOf(context.input) }, context.signal)
    .catch((error: unknown) => ({ status: 0, text: messageOf(error) }))
  const refused = answer.status >= 400 && answer.status < 500
  await pollUntil(context, {
    what: 'Patroni to schedule it',
    timeoutMs: refused ? 0 : SCHEDULE_MS,
    intervalMs: POLL_MS,
    async look() {
      if (await isScheduled(context)) return null
      return { seen: answer.text, error: () => new ScheduleError('has not scheduled the switchover', answer) }
    },
  })
  context.log(`Patroni switches over from ${leader} at ${timeOf(context.input)?.toISOString()}`)
  return undefined
}

function choose(context: Context): string {
  const snapshot = context.cluster()
  const named = context.input.candidate ?? null
  const chosen = named ?? plannedCandidate(context) ?? bestForSwitchover(snapshot)
  if (chosen === null) throw new NoCandidateError(null, nodeReasons(context))
  const { eligible, reasons } = assessSwitchover(snapshot, chosen)
  if (!eligible) throw new NoCandidateError(chosen, reasons)
  return chosen
}

/** The planned leader, if it may still lead. Where it may not, the plan no longer holds. */
function plannedCandidate({ operation, cluster }: Context): string | null {
  const { candidate = null } = operation.plan.scope.target
  return candidate !== null && assessSwitchover(cluster(), candidate).eligible ? candidate : null
}

async function checkpoint(context: Context, leader: string): Promise<void> {
  try {
    await context.clients.checkpoint(CHECKPOINT_MS)
  } catch (error) {
    context.log(`No checkpoint on ${leader} before: ${messageOf(error)}`, LogLevel.WARNING)
  }
}

/** One that is for later is not done because the candidate leads now. */
async function leadsAlready(context: Context): Promise<boolean> {
  return timeOf(context.input) === null && (await candidateLeads(context))
}

async function isScheduled(context: Context): Promise<boolean> {
  const request = await readLeaderRequest(context)
  const sameTime = request?.at?.getTime() === timeOf(context.input)?.getTime()
  return request !== null && sameTime && request.candidate === (context.input.candidate ?? null)
}
