import { IsIn, IsOptional } from 'class-validator'
import { Field, InputType } from 'type-graphql'
import { isUndoable, type RecoveryRecord, RecoveryStatus } from '../../domain/recovery.ts'
import { exclusive, resources } from '../claims.ts'
import type { PlanContext } from '../context.ts'
import { defineOperation, type PlanDraft } from '../define-operation.ts'
import { RecoveryOperationInput } from '../inputs/recovery-operation-input.ts'
import { recoveryResult } from '../recovery-result.ts'
import { refuse } from '../refuse.ts'
import { mebibytes } from '../steps/backup-subject.ts'
import { findRecovery, unknownRecovery } from '../steps/check-cut-over.ts'
import { discardData } from '../steps/discard-data.ts'

@InputType({ description: 'Which recovery to discard.' })
export class DiscardRecoveryInput extends RecoveryOperationInput {
  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description:
      'Remove what a cut over has kept on the node, so that it cannot be undone any more: with `confirm`, the name of the cluster.',
  })
  @IsOptional()
  @IsIn([true, false])
  previousData?: boolean | null
}

const HAS_PREVIOUS: readonly RecoveryStatus[] = [RecoveryStatus.COMPLETED, RecoveryStatus.UNDONE]

export default defineOperation<DiscardRecoveryInput>({
  name: 'discardRecovery',
  title: 'Discard a recovery',
  description:
    'Closes a rehearsal, or what waits for its cut over, and gives back its disk. With previousData: gives back what a cut over has kept. The cluster is not touched.',
  input: DiscardRecoveryInput,
  claims: () => [exclusive(resources.recovery)],
  fenced: false,
  destructive: false,
  check: (context) => {
    const record = findRecovery(context)
    if (record === undefined) return [unknownRecovery(context)]
    return HAS_PREVIOUS.includes(record.status) ? checkPrevious(record, context.input) : checkCopy(record)
  },
  plan,
  changes: [],
  steps: [discardData],
  result: ({ operation, input }) => recoveryResult(operation, input.recovery),
})

function checkCopy({ id, status }: RecoveryRecord) {
  if (status === RecoveryStatus.READY || status === RecoveryStatus.DISCARDED) return []
  const message = `recovery ${id} is ${status}: what is READY is discarded`
  return [refuse('RECOVERY_NOT_READY', message, 'Cancel the operation that works on it, if there is one.', 'recovery')]
}

function checkPrevious(
  { id, status, previous, cluster }: RecoveryRecord,
  { previousData, confirm, dryRun }: DiscardRecoveryInput,
) {
  if (previous === null) return []
  if (previousData === true) {
    if (dryRun === true || confirm === cluster) return []
    const remedy = `Read the plan, then send it again with confirm: "${cluster}".`
    return [refuse('CONFIRMATION_REQUIRED', `undoing recovery ${id} ends with this`, remedy, 'confirm')]
  }
  const message = `recovery ${id} is ${status}, and ${previous.directory} on ${previous.node} is what was before it`
  const remedy = 'previousData: true removes that; it stays recoverable from the archive alone.'
  return [refuse('HAS_PREVIOUS_DATA', message, remedy, 'previousData')]
}

function plan(context: PlanContext<DiscardRecoveryInput>): PlanDraft {
  const record = findRecovery(context)
  return {
    summary: `Removes what recovery ${context.input.recovery} keeps: ${keptBy(record)}`,
    steps: [{ name: discardData.name, title: discardData.title, estimatedSeconds: 2 }],
    checks: [],
    estimatedSeconds: 2,
    downtimeSeconds: 0,
    dataLoss:
      record !== undefined && isUndoable(record)
        ? 'It cannot be undone any more; what it gave up is then in the archive alone.'
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
  return status === RecoveryStatus.READY ? `${directory} on ${service}` : 'nothing that is left'
}
