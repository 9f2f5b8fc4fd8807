import { z } from 'zod'
import type { ClusterSnapshot } from '../../../domain/cluster/cluster.ts'
import { viewNodes } from '../../../domain/cluster/node-view.ts'
import { standbyChanges } from '../../../domain/configuration/standby-parameters.ts'
import { PlannedDowntime, PlannedEffect, type PlanScope, planScope } from '../../../domain/operation/plan-scope.ts'
import { downtimeState } from '../../downtime.ts'
import { leaderOf, whyAway } from '../../node-access/node-health.ts'
import { restartState } from '../restart-postgres.ts'
import type { RestartClusterInput } from './restart-cluster-input.ts'

/** Which nodes a rolling restart is about: fixed when it begins. */
export interface Roll {
  /** Before the leader, in the order in which they are restarted. */
  readonly replicas: string[]
  /** Who led when it began. */
  readonly leader: string
  /** After a switchover, as a replica. */
  readonly restartsLeader: boolean
  /** Parameters that replicas take only after the leader: where there are any, it is restarted while it leads. */
  readonly lowered: string[]
  /** After a leader that was restarted so. */
  readonly replicasAfter: string[]
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
      // Not kept by an earlier version.
      lowered: z.array(z.string()).default([]),
      replicasAfter: z.array(z.string()).default([]),
      watched: z.array(z.string()),
    }),
    /** Replicas that have been restarted: before the leader, and after one that was restarted while it led. */
    restarted: z.array(z.string()),
    restartedAfter: z.array(z.string()),
    /** How far the leader was when it had been restarted so: what replicas have to replay before they take a lower value. */
    leaderLsn: z.string(),
  })
  .partial()

export type RestartClusterState = z.output<typeof restartClusterState>

/** The nodes that are to be restarted, as the cluster is now; with force, those that are away are left out. */
export function planRoll(cluster: ClusterSnapshot, request: RestartClusterInput): Roll {
  const leader = leaderOf(cluster) ?? ''
  const watched = viewNodes(cluster).filter(
    ({ name }) => request.force !== true || name === leader || whyAway(cluster, name) === null,
  )
  const wanted = watched.filter(({ pendingRestart }) => request.pendingOnly !== true || pendingRestart)
  const wantedLeader = wanted.find(({ name }) => name === leader)
  const { lowered, raised } = standbyChanges(wantedLeader?.pendingRestartReasons ?? null)
  const replicas = wanted.flatMap(({ name }) => (name === leader ? [] : [name]))
  const inPlace = lowered.length > 0
  return {
    // What was raised they must have before the leader; for all else once is enough.
    replicas: inPlace && raised.length === 0 ? [] : replicas,
    leader,
    restartsLeader: wantedLeader !== undefined && !inPlace,
    lowered: [...lowered],
    replicasAfter: inPlace ? replicas : [],
    watched: watched.map(({ name }) => name),
  }
}

/** What restarting these nodes touches; a switchover is part of it where the leader is to be restarted as a replica. */
export function scopeOfRoll(roll: Omit<Roll, 'watched'>): PlanScope {
  const { leader, restartsLeader, lowered } = roll
  const replicas = [...roll.replicas, ...roll.replicasAfter]
  if (!restartsLeader && lowered.length === 0) return planScope({ nodes: replicas })
  return planScope({
    nodes: [...replicas, leader],
    downtime: PlannedDowntime.BRIEF,
    effects: restartsLeader ? [PlannedEffect.LEADER_CHANGE] : [],
  })
}

/** Every node that it restarts, in the order in which it does, each once. */
export function orderOfRoll({ replicas, leader, restartsLeader, lowered, replicasAfter }: Roll): string[] {
  const atAll = restartsLeader || lowered.length > 0
  return [...new Set([...replicas, ...(atAll ? [leader] : []), ...replicasAfter])]
}
