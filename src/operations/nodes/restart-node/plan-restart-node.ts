import { type Check, CheckStatus } from '../../../domain/check.ts'
import { NodeState } from '../../../domain/cluster/node.ts'
import { viewNode } from '../../../domain/cluster/node-view.ts'
import { NOTHING_TOUCHED, PlannedDowntime, planScope } from '../../../domain/operation/plan-scope.ts'
import { type Refusal, refuse } from '../../../domain/refusal.ts'
import type { PlanContext } from '../../context.ts'
import { typicalDowntime } from '../../downtime.ts'
import { leaderOf } from '../../node-access/node-health.ts'
import type { PlanDraft } from '../../plan-draft.ts'
import { checkNode } from '../check-node.ts'
import { checkWorthRestarting, waitsForLeader } from './leader-first.ts'
import type { RestartNodeInput } from './restart-node-input.ts'

type Context = PlanContext<RestartNodeInput>

/** Measured on an idle 2-core machine: until there is a restart to go by. */
const DEFAULT_DOWNTIME_SECONDS = 2

/** What lasts; another restart is waited out. */
const BUSY: readonly NodeState[] = [NodeState.CREATING_REPLICA, NodeState.INITIALIZING]

export function checkRestartNode({ cluster, input }: Context): Refusal[] {
  const faults = checkNode(cluster, input.node)
  const state = viewNode(cluster, input.node)?.state
  if (faults.length > 0 || state === undefined) return faults
  if (!BUSY.includes(state)) return input.pendingOnly === true ? checkWorthRestarting(cluster, input.node) : []
  const message = `${input.node} is ${state.toLowerCase().replaceAll('_', ' ')}`
  return [refuse('NODE_BUSY', message, 'Wait until it is done: the subscription clusterUpdates reports it.', 'node')]
}

export function planRestartNode(context: Context): PlanDraft {
  const { node, pendingOnly } = context.input
  const view = viewNode(context.cluster, node)
  const leads = isPlannedLeader(context)
  const pending = view?.pendingRestart === true
  const needless = pendingOnly === true && !pending
  const same = context.earlier.filter(({ input, plan }) => input['node'] === node || !leads || plan.downtimeSeconds)
  const downtime = leads && !needless ? (typicalDowntime(context.earlier) ?? DEFAULT_DOWNTIME_SECONDS) : 0
  const who = leads ? `the leader ${node}` : node
  const reasons = Object.keys(view?.pendingRestartReasons ?? {}).join(', ')
  return {
    summary: needless
      ? `Nothing to do as of now: no restart is pending on ${node}`
      : `Restarts PostgreSQL on ${who}${pending ? `, where a restart is pending${reasons ? ` (${reasons})` : ''}` : ''}; its sessions end`,
    isNeedless: needless,
    alike: same,
    checks: leads || needless ? [] : onlyAfterLeader(context),
    downtimeSeconds: downtime,
    dataLoss: null,
    scope: needless
      ? NOTHING_TOUCHED
      : planScope({ nodes: [node], downtime: leads ? PlannedDowntime.BRIEF : PlannedDowntime.NONE }),
  }
}

/** A lower value of these parameters a replica takes only once its leader runs with it. */
function onlyAfterLeader({ cluster, input }: Context): Check[] {
  const lowered = waitsForLeader(cluster, input.node)
  if (lowered.length === 0) return []
  const message = `a lower ${lowered.join(', ')} comes into force on a replica only after the leader has it`
  const hint = 'restartCluster(input: {pendingOnly: true}) restarts all of them in the order that this needs.'
  return [{ name: 'stays pending', status: CheckStatus.WARNING, message, hint }]
}

export function isPlannedLeader({ cluster, input }: Context): boolean {
  return leaderOf(cluster) === input.node
}
