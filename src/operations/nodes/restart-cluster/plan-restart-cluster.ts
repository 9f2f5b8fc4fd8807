import { CheckStatus } from '../../../domain/check.ts'
import type { ClusterSnapshot } from '../../../domain/cluster/cluster.ts'
import { viewNode } from '../../../domain/cluster/node-view.ts'
import { seenNow } from '../../../domain/cluster/observed.ts'
import { assessSwitchover } from '../../../domain/cluster/switchover-eligibility.ts'
import type { Refusal } from '../../../domain/operation/operation.ts'
import type { PlanContext } from '../../context.ts'
import type { PlanDraft } from '../../define-operation.ts'
import { typicalStepSeconds } from '../../estimate.ts'
import { whyAway, whyNotWell } from '../../node-access/node-health.ts'
import { refuse } from '../../refuse.ts'
import { checkLeads } from '../check-node.ts'
import { typicalDowntime } from '../measure-downtime.ts'
import { bestCandidate } from './move-leader.ts'
import type { RestartClusterInput } from './restart-cluster-input.ts'
import { planRoll, scopeOfRoll } from './rolling-restart.ts'

type Context = PlanContext<RestartClusterInput>

/** Measured on an idle 2-core machine with a loop_wait of 2: the estimates until there is a rolling restart to go by. */
const DEFAULT_SECONDS = { replica: 2, switchover: 3, rejoin: 3 }
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
  const { replicas, leader, restartsLeader } = roll
  const others = cluster.nodes.map(({ name }) => name).filter((name) => name !== leader)
  const candidate = bestCandidate(cluster, replicas) ?? bestCandidate(cluster, others)
  const like = earlier.filter(({ state }) => sizeOf(state['replicas']) === replicas.length)
  const took = (step: string, usual: number) => typicalStepSeconds(like, step) ?? usual
  const steps = [
    {
      name: 'restart-replicas',
      title: `Restart the replicas, one by one: ${replicas.join(', ') || 'none'}`,
      estimatedSeconds: replicas.length === 0 ? 0 : took('restart-replicas', DEFAULT_SECONDS.replica * replicas.length),
    },
    {
      name: 'switch-leader',
      title: restartsLeader
        ? `Switch over from ${leader} to a replica, ${candidate ?? 'none'} as of now`
        : 'No switchover',
      estimatedSeconds: restartsLeader ? took('switch-leader', DEFAULT_SECONDS.switchover) : 0,
    },
    {
      name: 'restart-old-leader',
      title: restartsLeader ? `Restart the old leader, ${leader}` : 'Leave the leader as it is',
      estimatedSeconds: restartsLeader ? took('restart-old-leader', DEFAULT_SECONDS.rejoin) : 0,
    },
  ]
  const nodes = [...replicas, ...(restartsLeader ? [leader] : [])]
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
      hint: 'Mend it first, or restart it by itself with restartNode.',
    })),
    estimatedSeconds: steps.reduce((sum, { estimatedSeconds }) => sum + estimatedSeconds, 0),
    downtimeSeconds: restartsLeader ? (typicalDowntime(earlier) ?? DEFAULT_DOWNTIME_SECONDS) : 0,
    dataLoss: null,
    scope: scopeOfRoll(roll),
  }
}

function checkUndisturbed({ cluster }: Context): Refusal[] {
  const topology = seenNow(cluster.topology)
  if (topology?.scheduledSwitchover) {
    const message = `a switchover is scheduled for ${topology.scheduledSwitchover.at.toISOString()}`
    return [refuse('SWITCHOVER_SCHEDULED', message, 'Wait for it, or cancelScheduledSwitchover first.', null)]
  }
  if (topology?.paused !== true) return []
  const message = 'the cluster is paused: were a node not to come back, nothing would fail over'
  return [refuse('PAUSED', message, 'resumeCluster first, or restart single nodes with restartNode.', null)]
}

function checkWell({ cluster }: Context): Refusal[] {
  const reasons = cluster.nodes.flatMap(({ name }) => whyAway(cluster, name) ?? [])
  if (reasons.length === 0) return []
  const remedy = 'Wait, or mend the node: see cluster.health. With force: true it is left out.'
  return [refuse('NODE_NOT_WELL', `not every node is well: ${reasons.join('; ')}`, remedy, 'force')]
}

function checkCandidate({ cluster, input }: Context): Refusal[] {
  const { leader, restartsLeader } = planRoll(cluster, input)
  const others = cluster.nodes.map(({ name }) => name).filter((name) => name !== leader)
  if (!restartsLeader || others.some((name) => mayTakeOver(cluster, name))) return []
  const reasons = others.flatMap((name) => assessSwitchover(cluster, name).reasons)
  const message = `no replica may take over from ${leader} meanwhile. ${reasons.join(' ') || 'There is none.'}`
  const remedy = `Mend what the reasons name, or restart ${leader} in place with restartNode, which costs downtime.`
  return [refuse('NO_CANDIDATE', message, remedy, null)]
}

/** By the time it comes to that: what only is so for a moment, such as a lag, speaks against nobody yet. */
function mayTakeOver(cluster: ClusterSnapshot, name: string): boolean {
  if (assessSwitchover(cluster, name).eligible) return true
  const passes = whyAway(cluster, name) === null && whyNotWell(cluster, name) !== null
  return passes && !viewNode(cluster, name)?.tags['nofailover']
}

function sizeOf(value: unknown): number | null {
  return Array.isArray(value) ? value.length : null
}
