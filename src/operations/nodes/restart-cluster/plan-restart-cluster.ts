import { CheckStatus } from '../../../domain/check.ts'
import type { ClusterSnapshot } from '../../../domain/cluster/cluster.ts'
import { viewNode } from '../../../domain/cluster/node-view.ts'
import { assessSwitchover, bestForSwitchover } from '../../../domain/cluster/switchover-eligibility.ts'
import { seenNow } from '../../../domain/observed.ts'
import { type Refusal, refuse } from '../../../domain/refusal.ts'
import type { PlanContext } from '../../context.ts'
import { typicalDowntime } from '../../downtime.ts'
import { typicalStepSeconds } from '../../estimate.ts'
import { whyAway, whyNotWell } from '../../node-access/node-health.ts'
import type { PlanDraft } from '../../plan-draft.ts'
import { checkLeads } from '../check-node.ts'
import { confirmNonePending } from './confirm-none-pending.ts'
import type { RestartClusterInput } from './restart-cluster-input.ts'
import { restartLeaderInPlace } from './restart-leader-in-place.ts'
import { orderOfRoll, planRoll, restartClusterState, scopeOfRoll } from './roll.ts'
import { restartReplicas, restartReplicasAfter } from './rolling-restart.ts'
import { restartOldLeader, switchRolledLeader } from './switch-rolled-leader.ts'

type Context = PlanContext<RestartClusterInput>

/** Measured on an idle 2-core machine with a loop_wait of 2: the estimates until there is a rolling restart to go by. */
const SECONDS_A_REPLICA = 2
const DEFAULT_DOWNTIME_SECONDS = 3

export function checkRestartCluster(context: Context): Refusal[] {
  const { cluster, input } = context
  const leads = checkLeads(cluster)
  if (leads.length > 0) return leads
  return [...checkUndisturbed(context), ...(input.force === true ? [] : checkWell(context)), ...checkCandidate(context)]
}

export function planRestartCluster(context: Context): PlanDraft {
  const { cluster, earlier, input } = context
  const roll = planRoll(cluster, input)
  const { replicas, leader, restartsLeader, lowered, replicasAfter } = roll
  const candidate = bestForSwitchover(cluster, replicas) ?? bestForSwitchover(cluster)
  const alike = earlier.filter(({ state }) => {
    const then = restartClusterState.safeParse(state).data?.roll
    return then?.replicas.length === replicas.length && then.lowered.length > 0 === lowered.length > 0
  })
  const nodes = orderOfRoll(roll)
  const steps = {
    [restartReplicas.name]: {
      title: `Restart the replicas, one by one: ${replicas.join(', ') || 'none'}`,
      seconds: typicalStepSeconds(alike, restartReplicas.name) ?? SECONDS_A_REPLICA * replicas.length,
    },
    [switchRolledLeader.name]: restartsLeader
      ? { title: `Switch over from ${leader} to a replica, ${candidate ?? 'none'} as of now` }
      : { title: 'No switchover', seconds: 0 },
    [restartOldLeader.name]: restartsLeader
      ? { title: `Restart the old leader, ${leader}` }
      : { title: 'No restart of the leader as a replica', seconds: 0 },
    [restartLeaderInPlace.name]:
      lowered.length === 0
        ? { title: 'No restart of the leader while it leads', seconds: 0 }
        : {
            title: `Restart ${leader} while it leads: replicas take a lower ${lowered.join(', ')} only after it`,
            seconds: typicalStepSeconds(alike, restartLeaderInPlace.name) ?? DEFAULT_DOWNTIME_SECONDS,
          },
    [restartReplicasAfter.name]: {
      title: `Restart the replicas after it: ${replicasAfter.join(', ') || 'none'}`,
      seconds: typicalStepSeconds(alike, restartReplicasAfter.name) ?? SECONDS_A_REPLICA * replicasAfter.length,
    },
    [confirmNonePending.name]: nodes.length === 0 ? { seconds: 0 } : {},
  }
  const left = cluster.nodes.map(({ name }) => name).filter((name) => whyAway(cluster, name) !== null)
  return {
    summary:
      nodes.length === 0
        ? `Nothing to do as of now: no restart is pending in ${cluster.name}`
        : `Restarts PostgreSQL on ${nodes.join(', ')}, in this order, one at a time`,
    steps,
    checks: left.map((name) => ({
      name: 'left out',
      status: CheckStatus.WARNING,
      message: whyAway(cluster, name),
      hint: `Fix it first, or restart it by itself: restartNode(input: {node: "${name}"}).`,
    })),
    alike,
    downtimeSeconds: nodes.includes(leader) ? (typicalDowntime(earlier) ?? DEFAULT_DOWNTIME_SECONDS) : 0,
    dataLoss: null,
    scope: scopeOfRoll(roll),
  }
}

function checkUndisturbed({ cluster }: Context): Refusal[] {
  const topology = seenNow(cluster.topology)
  if (topology?.scheduledSwitchover) {
    const message = `a switchover is scheduled for ${topology.scheduledSwitchover.at.toISOString()}`
    const remedy = 'Wait for it, or cancel it first: cancelScheduledSwitchover(input: {}).'
    return [refuse('SWITCHOVER_SCHEDULED', message, remedy, null)]
  }
  if (topology?.paused !== true) return []
  const message = 'the cluster is paused: were a node not to come back, nothing would fail over'
  const remedy = 'Resume it first: resumeCluster(input: {}), or restart single nodes (restartNode).'
  return [refuse('CLUSTER_PAUSED', message, remedy, null)]
}

function checkWell({ cluster }: Context): Refusal[] {
  const reasons = cluster.nodes.flatMap(({ name }) => whyAway(cluster, name) ?? [])
  if (reasons.length === 0) return []
  const remedy = 'Wait, or fix the node: see cluster.health. With force: true it is left out.'
  return [refuse('NODE_NOT_WELL', `not every node is healthy: ${reasons.join('; ')}`, remedy, 'force')]
}

function checkCandidate({ cluster, input }: Context): Refusal[] {
  const { leader, restartsLeader } = planRoll(cluster, input)
  const others = cluster.nodes.map(({ name }) => name).filter((name) => name !== leader)
  if (!restartsLeader || others.some((name) => mayTakeOver(cluster, name))) return []
  const reasons = others.flatMap((name) => assessSwitchover(cluster, name).reasons)
  const message = `no replica may take over from ${leader} meanwhile. ${reasons.join(' ') || 'There is none.'}`
  const remedy = `Fix what the reasons name, or restart ${leader} in place, which costs downtime: restartNode(input: {node: "${leader}"}).`
  return [refuse('NO_ELIGIBLE_NODE', message, remedy, null)]
}

/** By the time of the switchover: a passing condition, such as lag, does not count against a node yet. */
function mayTakeOver(cluster: ClusterSnapshot, name: string): boolean {
  if (assessSwitchover(cluster, name).eligible) return true
  const passes = whyAway(cluster, name) === null && whyNotWell(cluster, name) !== null
  return passes && !viewNode(cluster, name)?.tags['nofailover']
}
