import type { ClusterSnapshot } from '../../../domain/cluster/cluster.ts'
import { viewNode } from '../../../domain/cluster/node-view.ts'
import { onlyAfterPrimary } from '../../../domain/configuration/standby-parameters.ts'
import { type Refusal, refuse } from '../../../domain/refusal.ts'
import { leaderOf } from '../../node-access/node-health.ts'

/** Why, and what does it instead. */
export const LEADER_FIRST_HINT =
  'a replica takes a lower value only after the leader has it; restartCluster(input: {pendingOnly: true}) restarts all of them in the order that this needs'

/** The lower values that wait for a restart on this node and that it takes only after the leader; none on the leader itself. */
export function waitsForLeader(cluster: ClusterSnapshot, node: string): readonly string[] {
  const view = viewNode(cluster, node)
  const leader = leaderOf(cluster)
  if (view === null || leader === node) return []
  return onlyAfterPrimary(view, leader === null ? null : viewNode(cluster, leader))
}

/** Where nothing else waits, a restart for what is pending would change nothing. */
export function checkWorthRestarting(cluster: ClusterSnapshot, node: string): Refusal[] {
  const view = viewNode(cluster, node)
  const after = waitsForLeader(cluster, node)
  const pending = Object.keys(view?.pendingRestartReasons ?? {})
  if (view?.pendingRestart !== true || after.length === 0 || pending.some((name) => !after.includes(name))) return []
  const message = `${node} waits for a lower ${after.join(', ')} alone, which a replica takes only after the leader`
  const remedy = 'Restart what waits, the leader first: restartCluster(input: {pendingOnly: true}).'
  return [refuse('LEADER_FIRST', message, remedy, 'pendingOnly')]
}
