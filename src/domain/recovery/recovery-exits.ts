import { formatLsn } from '../wal/lsn.ts'
import { isUndoable, isUnsettled, type RecoveryRecord, RecoveryStatus } from './recovery.ts'
import type { RecoveryTargetInput } from './recovery-target.ts'

/**
 * What leads on from each state of a recovery: every refusal and error that is about a recovery takes its remedy from here.
 * test/unit/domain/recovery/recovery-exits.test.ts walks all states and tries each remedy in the state for which it is given.
 */

/** Which operations have not ended: a recovery that one of them changed last is being worked on. */
export type ActiveOperations = ReadonlySet<string>

export function isWorkedOn({ operationId }: Pick<RecoveryRecord, 'operationId'>, active: ActiveOperations): boolean {
  return active.has(operationId)
}

/** Frees the place that it takes, so that another recovery can start. */
export function freeingCall(record: RecoveryRecord, active: ActiveOperations): string {
  if (isWorkedOn(record, active)) return waitingCall(record)
  if (record.status === RecoveryStatus.CUTTING_OVER) return settleCall(record.id)
  return discardCall(record)
}

/** Brings one that is neither READY nor ended to where it truly is; for the others, what can be done with them. */
export function onwardCall(record: RecoveryRecord, active: ActiveOperations): string {
  if (isUnsettled(record)) return freeingCall(record, active)
  if (record.status === RecoveryStatus.READY) return discardCall(record)
  return isUndoable(record) ? undoCall(record) : recoverCall(record)
}

export function settleCall(recovery: string): string {
  return `settleRecovery(input: {recovery: "${recovery}"})`
}

export function undoCall({ id, cluster }: RecoveryRecord): string {
  return `undoRecovery(input: {recovery: "${id}", confirm: "${cluster}"})`
}

export function forcedCutOverCall({ id, cluster }: RecoveryRecord): string {
  return `cutOverRecovery(input: {recovery: "${id}", force: true, confirm: "${cluster}"})`
}

export function discardPreviousCall({ id, cluster }: RecoveryRecord): string {
  return `discardRecovery(input: {recovery: "${id}", previousData: true, confirm: "${cluster}"})`
}

/** Repeats the same recovery. */
export function recoverCall({ target, cluster }: Pick<RecoveryRecord, 'target' | 'cluster'>): string {
  return `recoverCluster(input: {target: ${targetLiteral(target)}, confirm: "${cluster}"})`
}

/** All that a history had, up to where it was left. */
export function recoverAllCall({ cluster }: Pick<RecoveryRecord, 'cluster'>, timeline: number): string {
  return `recoverCluster(input: {target: {timeline: "${timeline}"}, confirm: "${cluster}"})`
}

function discardCall({ id }: RecoveryRecord): string {
  return `discardRecovery(input: {recovery: "${id}"})`
}

function waitingCall({ operationId }: RecoveryRecord): string {
  return `cancelOperation(id: "Operation:${operationId}"), or wait until that operation has ended`
}

function targetLiteral({ time, lsn, xid, name, immediate, timeline, inclusive }: RecoveryTargetInput): string {
  const fields = {
    time,
    lsn: typeof lsn === 'bigint' ? formatLsn(lsn) : lsn,
    xid,
    name,
    immediate: immediate || null,
    timeline,
    inclusive: inclusive === false ? false : null,
  }
  const given = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined)
  return `{${given.map(([field, value]) => `${field}: ${JSON.stringify(value)}`).join(', ')}}`
}
