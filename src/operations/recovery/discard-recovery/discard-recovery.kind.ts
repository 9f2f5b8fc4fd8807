import { mebibytes } from '../../../domain/bytes.ts'
import { SnapshotPart } from '../../../domain/cluster/snapshot-part.ts'
import { isUndoable, isUnsettled, type RecoveryRecord, RecoveryStatus } from '../../../domain/recovery/recovery.ts'
import {
  type ActiveOperations,
  discardPreviousCall,
  freeingCall,
  isWorkedOn,
} from '../../../domain/recovery/recovery-exits.ts'
import { refuse } from '../../../domain/refusal.ts'
import { exclusive, resources } from '../../claims.ts'
import { type PlanContext, PlanRead } from '../../context.ts'
import { defineOperation } from '../../define-operation.ts'
import { serviceOf } from '../../node-access/node-health.ts'
import type { PlanDraft } from '../../plan-draft.ts'
import { checkDataService } from '../check-data-service.ts'
import { findRecovery, unknownRecovery } from '../find-recovery.ts'
import { recoveryResult } from '../recovery-result.ts'
import { discardData } from './discard-data.ts'
import { DiscardRecoveryInput } from './discard-recovery-input.ts'
import { findExpiredRecoveries } from './find-expired-recoveries.ts'

const HAS_PREVIOUS: readonly RecoveryStatus[] = [RecoveryStatus.COMPLETED, RecoveryStatus.UNDONE]
const KEEPS_NOTHING: readonly RecoveryStatus[] = [...HAS_PREVIOUS, RecoveryStatus.DISCARDED]

export default defineOperation({
  name: 'discardRecovery',
  title: 'Discard a recovery',
  description:
    'Closes a rehearsal, or what waits for its cut-over, or what an operation that has ended left unfinished, and frees its disk. With previousData: frees what a cut-over has kept. The cluster is not touched.',
  input: DiscardRecoveryInput,
  reads: [PlanRead.RECOVERIES],
  automation: findExpiredRecoveries,
  claims: () => [exclusive(resources.recovery)],
  fenced: false,
  destructive: false,
  check: (context) => {
    const record = findRecovery(context)
    if (record === undefined) return [unknownRecovery(context)]
    const refusals = HAS_PREVIOUS.includes(record.status)
      ? checkPrevious(record, context.input)
      : checkCopy(record, context.active)
    return refusals.length > 0 ? refusals : checkKept(context, record)
  },
  plan,
  changes: [SnapshotPart.BACKUPS],
  steps: [discardData],
  result: ({ operation, input }) => recoveryResult(operation, input.recovery),
})

/** What no operation works on may go, but in the middle of a cut-over: which data is the cluster's has to be settled first. */
function checkCopy(record: RecoveryRecord, active: ActiveOperations) {
  const { id, status, operationId } = record
  if (!isUnsettled(record)) return []
  const worked = isWorkedOn(record, active)
  if (!worked && status !== RecoveryStatus.CUTTING_OVER) return []
  const why = worked ? `operation ${operationId} works on it` : "which data is the cluster's has to be settled first"
  const remedy = `First: ${freeingCall(record, active)}.`
  return [refuse('RECOVERY_NOT_READY', `recovery ${id} is ${status}: ${why}`, remedy, 'recovery')]
}

function checkPrevious(record: RecoveryRecord, { previousData, confirm, dryRun, propose }: DiscardRecoveryInput) {
  const { id, status, previous, cluster } = record
  if (previous === null) return []
  if (previousData === true) {
    if (dryRun === true || propose === true || confirm === cluster) return []
    const remedy = `Read the plan, then confirm it: ${discardPreviousCall(record)}.`
    return [refuse('CONFIRMATION_REQUIRED', `undoing recovery ${id} ends with this`, remedy, 'confirm')]
  }
  const message = `recovery ${id} is ${status}, and ${previous.directory} on ${previous.node} is what was before it`
  const remedy = `${discardPreviousCall(record)} removes that; it stays recoverable from the archive alone.`
  return [refuse('HAS_PREVIOUS_DATA', message, remedy, 'previousData')]
}

function checkKept(
  { cluster, layout }: PlanContext<DiscardRecoveryInput>,
  { status, service, previous }: RecoveryRecord,
) {
  if (previous !== null) return checkDataService(cluster, serviceOf(layout, previous.node))
  return KEEPS_NOTHING.includes(status) ? [] : checkDataService(cluster, service)
}

function plan(context: PlanContext<DiscardRecoveryInput>): PlanDraft {
  const record = findRecovery(context)
  return {
    summary: `Removes what recovery ${context.input.recovery} keeps: ${keptBy(record)}`,
    checks: [],
    downtimeSeconds: 0,
    dataLoss:
      record !== undefined && isUndoable(record)
        ? 'It can no longer be undone; what it gave up is then in the archive alone.'
        : null,
  }
}

function keptBy(record: RecoveryRecord | undefined): string {
  if (record === undefined) return 'nothing'
  const { status, previous, directory, service } = record
  if (previous !== null) {
    const bytes = previous.bytes === null ? '' : `, ${mebibytes(previous.bytes)}`
    return `${previous.directory} on ${previous.node}${bytes}`
  }
  return KEEPS_NOTHING.includes(status) ? 'nothing that is left' : `${directory} on ${service}`
}
