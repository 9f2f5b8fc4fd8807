import { seenNow } from '../../domain/observed.ts'
import type { Refusal } from '../../domain/operation.ts'
import { isUndoable, RecoveryMode, type RecoveryRecord, RecoveryStatus } from '../../domain/recovery.ts'
import type { PlanContext } from '../context.ts'
import { refuse } from '../refuse.ts'
import { checkLeads, checkNode } from './check-node.ts'
import { leaderOf } from './node-wellness.ts'

/** What the kinds that cut over read of their input. */
export interface CutOverRequest {
  readonly recovery: string
  readonly force?: boolean | null
}

type Context = PlanContext<CutOverRequest>

export function findRecovery({ recoveries, input }: Pick<Context, 'recoveries' | 'input'>): RecoveryRecord | undefined {
  return recoveries.find(({ id }) => id === input.recovery)
}

export function checkCutOver(context: Context): Refusal[] {
  const recovery = findRecovery(context)
  if (recovery === undefined) return [unknownRecovery(context)]
  return [...checkReady(recovery, context.input.force === true), ...checkCluster(context, recovery.node)]
}

export function checkUndo(context: Context): Refusal[] {
  const recovery = findRecovery(context)
  if (recovery === undefined) return [unknownRecovery(context)]
  if (isUndoable(recovery)) return checkCluster(context, recovery.previous?.node ?? null)
  const why = recovery.status === RecoveryStatus.COMPLETED ? 'its previous data is gone' : `it is ${recovery.status}`
  return [
    refuse(
      'NOT_UNDOABLE',
      `recovery ${recovery.id} cannot be undone: ${why}`,
      'What was given up is in the archive: recoverCluster goes back to any moment in the recovery windows.',
      'recovery',
    ),
  ]
}

function unknownRecovery({ input }: Context): Refusal {
  return refuse('UNKNOWN_RECOVERY', `there is no recovery "${input.recovery}"`, 'See cluster.recoveries.', 'recovery')
}

function checkReady({ id, mode, status, verification }: RecoveryRecord, force: boolean): Refusal[] {
  if (mode === RecoveryMode.REHEARSAL) {
    const message = `recovery ${id} is a rehearsal, in Barman's container`
    return [refuse('IS_REHEARSAL', message, 'Ask for recoverCluster with the same target.', 'recovery')]
  }
  if (status !== RecoveryStatus.READY) {
    const message = `recovery ${id} is ${status}, not READY`
    return [refuse('RECOVERY_NOT_READY', message, 'Follow it until it is READY, or begin another one.', 'recovery')]
  }
  if (force || verification?.passed === true) return []
  const message = `recovery ${id} has not passed its verification: ${verification?.message ?? 'there was none'}`
  return [refuse('NOT_VERIFIED', message, 'Look at its data; force: true cuts over all the same.', 'recovery')]
}

function checkCluster(context: Context, node: string | null): Refusal[] {
  const { cluster, input } = context
  const faults = checkLeads(cluster)
  if (faults.length > 0) return faults
  if (seenNow(cluster.topology)?.paused === true) {
    const remedy = 'Resume it first: resumeCluster.'
    return [refuse('CLUSTER_PAUSED', 'Patroni is paused: nobody would be made the leader', remedy)]
  }
  const needed = cluster.nodes
    .map(({ name }) => name)
    .filter((name) => input.force !== true || name === node || name === leaderOf(cluster))
  return needed.flatMap((name) => checkNode(cluster, name).map((refusal) => ({ ...refusal, field: null })))
}
