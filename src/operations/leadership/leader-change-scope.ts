import { PlannedDowntime, PlannedEffect, type PlanScope, planScope } from '../../domain/operation/plan-scope.ts'

/** The leader steps down, which restarts its PostgreSQL, and the candidate is promoted. Null: not chosen yet. */
export function scopeOfLeaderChange(change: {
  readonly from: string | null
  readonly candidate: string | null
  readonly losesData: boolean
}): PlanScope {
  const { from, candidate, losesData } = change
  return planScope({
    nodes: from === null ? [] : [from],
    downtime: PlannedDowntime.BRIEF,
    effects: [PlannedEffect.LEADER_CHANGE, ...(losesData ? [PlannedEffect.DATA_LOSS] : [])],
    target: candidate === null ? {} : { candidate },
  })
}
