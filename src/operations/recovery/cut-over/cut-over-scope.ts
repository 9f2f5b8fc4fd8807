import type { ClusterLayout } from '../../../domain/cluster/cluster-layout.ts'
import { PlannedDowntime, PlannedEffect, type PlanScope, planScope } from '../../../domain/operation/plan-scope.ts'
import type { CutOverContext } from './cut-over-state.ts'
import { cutOverState } from './cut-over-state.ts'

/** Every node is stopped, and this one leads with other data than before. */
export function scopeOfCutOver(
  { nodes }: Pick<ClusterLayout, 'nodes'>,
  node: string | null,
  recovered: PlanScope['target'] = {},
): PlanScope {
  return planScope({
    nodes: nodes.map(({ name }) => name),
    downtime: PlannedDowntime.BRIEF,
    effects: [PlannedEffect.LEADER_CHANGE, PlannedEffect.DATA_LOSS],
    target: { ...recovered, ...(node === null ? {} : { node }) },
  })
}

/**
 * Right before the cluster is stopped: what this operation, or the one that made the copy, has chosen by then. Where
 * the plan named the backup and the timeline, the copy has to be of these.
 */
export async function scopeOfPreparedCutOver(context: CutOverContext): Promise<PlanScope> {
  const { recovery, node } = cutOverState(context)
  const { backup, timeline } = context.operation.plan.scope.target
  const { backupId, targetTimeline } = await context.recoveries.get(recovery)
  return scopeOfCutOver(context.layout, node, {
    ...(backup === undefined ? {} : { backup: backupId }),
    ...(timeline === undefined ? {} : { timeline: String(targetTimeline) }),
  })
}
