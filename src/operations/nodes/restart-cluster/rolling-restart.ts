import { z } from 'zod'
import type { ClusterSnapshot } from '../../../domain/cluster/cluster.ts'
import { viewNodes } from '../../../domain/cluster/node-view.ts'
import { PlannedDowntime, PlannedEffect, type PlanScope, planScope } from '../../../domain/operation/plan-scope.ts'
import type { StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { downtimeState } from '../../downtime.ts'
import { leaderOf, whyAway, whyNotWellNow } from '../../node-access/node-health.ts'
import { pollUntil } from '../../poll-until.ts'
import { ClusterUnhealthyError } from '../node-errors.ts'
import { restartPostgres, restartState, startKept } from '../restart-postgres.ts'
import type { RestartClusterInput } from './restart-cluster-input.ts'

/** Which nodes a rolling restart is about: fixed when it begins. */
export interface Roll {
  /** In the order in which they are restarted. */
  readonly replicas: string[]
  /** Who led when it began. */
  readonly leader: string
  readonly restartsLeader: boolean
  /** The nodes that have to be healthy all along. */
  readonly watched: string[]
}

/** What restartCluster keeps. */
export const restartClusterState = z
  .object({
    ...restartState.shape,
    ...downtimeState.shape,
    /** As it was planned when it began: see Roll. */
    roll: z.object({
      replicas: z.array(z.string()),
      leader: z.string(),
      restartsLeader: z.boolean(),
      watched: z.array(z.string()),
    }),
    /** Replicas that have been restarted. */
    restarted: z.array(z.string()),
  })
  .partial()

export type RestartClusterState = z.output<typeof restartClusterState>

type Context = StepContext<RestartClusterInput, RestartClusterState>

/** A node may lag for a moment under load before it counts as unhealthy. */
const GRACE_MS = 60_000

/** The nodes that are to be restarted, as the cluster is now; with force, those that are away are left out. */
export function planRoll(cluster: ClusterSnapshot, request: RestartClusterInput): Roll {
  const leader = leaderOf(cluster) ?? ''
  const watched = viewNodes(cluster).filter(
    ({ name }) => request.force !== true || name === leader || whyAway(cluster, name) === null,
  )
  const wanted = watched.filter(({ pendingRestart }) => request.pendingOnly !== true || pendingRestart)
  return {
    replicas: wanted.flatMap(({ name }) => (name === leader ? [] : [name])),
    leader,
    restartsLeader: wanted.some(({ name }) => name === leader),
    watched: watched.map(({ name }) => name),
  }
}

/** What restarting these nodes touches; a switchover is part of it where the leader is one of them. */
export function scopeOfRoll({ replicas, leader, restartsLeader }: Omit<Roll, 'watched'>): PlanScope {
  if (!restartsLeader) return planScope({ nodes: replicas })
  return planScope({
    nodes: [...replicas, leader],
    downtime: PlannedDowntime.BRIEF,
    effects: [PlannedEffect.LEADER_CHANGE],
  })
}

/** Restarts them one by one; each streams without lag before the next. A worker that takes over goes on at the next. */
export const restartReplicas: Step<RestartClusterInput, RestartClusterState> = {
  name: 'restart-replicas',
  title: 'Restart the replicas, one by one',
  weight: 3,
  irreversible: true,

  async scope(context) {
    const roll = await rollOf(context)
    const restarted = restartedOf(context)
    return scopeOfRoll({ ...roll, replicas: roll.replicas.filter((name) => !restarted.includes(name)) })
  },

  async isDone(context) {
    const { replicas } = await rollOf(context)
    return replicas.every((name) => restartedOf(context).includes(name)) ? StepOutcome.DONE : StepOutcome.NOT_DONE
  },

  async run(context) {
    const { replicas, leader, watched } = await rollOf(context)
    for (const name of replicas) {
      const restarted = restartedOf(context)
      if (restarted.includes(name)) continue
      const at = `${restarted.length} of ${replicas.length} replicas restarted, now ${name}`
      context.progress({ percent: (100 * restarted.length) / replicas.length, message: at })
      // The node that an earlier attempt was at may be starting just now.
      const begun = startKept(context, name) !== undefined
      await mustBeWell(context, begun ? watched.filter((each) => each !== name) : watched, leader)
      await restartPostgres(context, name, { pendingOnly: false })
      await context.keep({ restarted: [...restarted, name] }, `${name} was restarted and streams without lag`)
    }
    context.progress({ percent: 100, message: `${replicas.length} of ${replicas.length} replicas restarted` })
    return undefined
  },
}

/** What was planned when it began, kept for every later step and worker. */
export async function rollOf(context: Context): Promise<Roll> {
  const kept = context.state().roll
  if (kept !== undefined) return kept
  await Promise.all(context.layout.nodes.map(({ name }) => context.clients.refreshNode(name)))
  const roll = planRoll(context.cluster(), context.input)
  const nodes = [...roll.replicas, ...(roll.restartsLeader ? [roll.leader] : [])]
  await context.keep({ roll }, `To restart, in this order: ${nodes.join(', ') || 'none'}`)
  return roll
}

/** Throws ClusterUnhealthyError when one of the nodes does not become healthy soon, or another node leads. */
export async function mustBeWell(context: Context, nodes: readonly string[], leader: string): Promise<void> {
  let reasons: string[] = []
  const look = async () => {
    const now = leaderOf(context.cluster())
    const moved = now === leader ? [] : [`${now ?? 'no node'} leads instead of ${leader}`]
    const each = await Promise.all(nodes.map((name) => whyNotWellNow(context, name)))
    reasons = [...moved, ...each.filter((why) => why !== null)]
    return reasons.length === 0 ? null : reasons.join('; ')
  }
  try {
    await pollUntil(context, { what: 'every other node to be healthy', timeoutMs: GRACE_MS, look })
  } catch (error) {
    context.signal.throwIfAborted()
    if (reasons.length === 0) throw error
    throw new ClusterUnhealthyError(reasons)
  }
}

function restartedOf(context: Context): readonly string[] {
  return context.state().restarted ?? []
}
