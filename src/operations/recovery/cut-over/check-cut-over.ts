import { Verdict, verdictOf } from '../../../domain/check-verdict.ts'
import type { ClusterSnapshot } from '../../../domain/cluster/cluster.ts'
import { seenNow } from '../../../domain/observed.ts'
import { RecoveryMode, type RecoveryRecord, RecoveryStatus } from '../../../domain/recovery/recovery.ts'
import {
  type ActiveOperations,
  forcedCutOverCall,
  onwardCall,
  recoverCall,
} from '../../../domain/recovery/recovery-exits.ts'
import { type Refusal, refuse } from '../../../domain/refusal.ts'
import type { PlanContext } from '../../context.ts'
import { leaderOf, snapshotOf } from '../../node-access/node-health.ts'
import { checkLeads, checkNode } from '../../nodes/check-node.ts'
import { findRecovery, unknownRecovery } from '../find-recovery.ts'
import type { CutOverInput } from '../recovery-operation-input.ts'

type Context = PlanContext<CutOverInput>

export function checkCutOver(context: Context): Refusal[] {
  const recovery = findRecovery(context)
  if (recovery === undefined) return [unknownRecovery(context)]
  const force = context.input.force === true
  return [
    ...checkReady(recovery, context.active, force),
    ...checkTimeline(context, recovery),
    ...checkCluster(context.cluster, recovery.node, force),
  ]
}

function checkReady(record: RecoveryRecord, active: ActiveOperations, force: boolean): Refusal[] {
  const { id, mode, status, verification } = record
  if (mode === RecoveryMode.REHEARSAL) {
    const message = `recovery ${id} is a rehearsal, in Barman's container`
    return [refuse('IS_REHEARSAL', message, `To the same target: ${recoverCall(record)}.`, 'recovery')]
  }
  if (status !== RecoveryStatus.READY) {
    const message = `recovery ${id} is ${status}, not READY`
    return [refuse('RECOVERY_NOT_READY', message, `What leads on: ${onwardCall(record, active)}.`, 'recovery')]
  }
  if (force || verification?.passed === true) return []
  const message = `recovery ${id} ${notVerified(verification)}`
  const remedy = `Look at its data; ${forcedCutOverCall(record)} cuts over all the same.`
  return [refuse('NOT_VERIFIED', message, remedy, 'recovery')]
}

function notVerified(verification: RecoveryRecord['verification']): string {
  if (verification === null) return 'was not verified'
  return verdictOf(verification.checks) === Verdict.NOT_CHECKED
    ? `could not be verified as a whole, though nothing speaks against it: ${verification.message}`
    : `has not passed its verification: ${verification.message}`
}

/** A copy that was promoted already has a timeline of its own, which the cluster may have taken meanwhile. */
function checkTimeline({ cluster, active }: Context, record: RecoveryRecord): Refusal[] {
  const { id, timeline, targetTimeline } = record
  const leader = leaderOf(cluster)
  const taken = leader === null ? null : (snapshotOf(cluster, leader)?.patroni.value?.timeline ?? null)
  if (timeline === null || timeline <= targetTimeline || taken === null || taken < timeline) return []
  const message = `recovery ${id} is on timeline ${timeline}, and the cluster has reached timeline ${taken} meanwhile`
  const remedy = `First ${onwardCall(record, active)}, then to the same target, which takes a later timeline: ${recoverCall(record)}.`
  return [refuse('TIMELINE_TAKEN', message, remedy, 'recovery')]
}

/** That the cluster can be stopped, and that this node can lead afterwards. */
export function checkCluster(cluster: ClusterSnapshot, node: string | null, force: boolean): Refusal[] {
  const faults = checkLeads(cluster)
  if (faults.length > 0) return faults
  if (seenNow(cluster.topology)?.paused === true) {
    const remedy = 'Resume it first: resumeCluster(input: {}).'
    return [refuse('CLUSTER_PAUSED', 'Patroni is paused: no node would be promoted', remedy)]
  }
  const needed = cluster.nodes
    .map(({ name }) => name)
    .filter((name) => !force || name === node || name === leaderOf(cluster))
  return needed.flatMap((name) => checkNode(cluster, name).map((refusal) => ({ ...refusal, field: null })))
}
