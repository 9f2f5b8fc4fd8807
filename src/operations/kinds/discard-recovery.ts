import { IsIn, IsOptional } from 'class-validator'
import { Field, InputType } from 'type-graphql'
import { type RecoveryRecord, RecoveryStatus } from '../../domain/recovery.ts'
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
      'Remove what a cut over has kept on the node: recovery COMPLETED cannot be undone any more. Needed where it has one.',
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
  steps: [discardData],
  result: ({ operation, input }) => recoveryResult(operation, input.recovery),
})

function checkCopy({ id, status }: RecoveryRecord) {
  if (status === RecoveryStatus.READY || status === RecoveryStatus.DISCARDED) return []
  const message = `recovery ${id} is ${status}: what is READY is discarded`
  return [refuse('RECOVERY_NOT_READY', message, 'Cancel the operation that works on it, if there is one.', 'recovery')]
}

function checkPrevious({ id, status, previous }: RecoveryRecord, { previousData }: DiscardRecoveryInput) {
  if (previousData === true || previous === null) return []
  const message = `recovery ${id} is ${status}, and ${previous.directory} on ${previous.node} is what was before it`
  const remedy = 'previousData: true removes that; it stays recoverable from the archive alone.'
  return [refuse('HAS_PREVIOUS_DATA', message, remedy, 'previousData')]
}

function plan(context: PlanContext<DiscardRecoveryInput>): PlanDraft {
  const record = findRecovery(context)
  const previous = record?.previous ?? null
  const what =
    previous === null
      ? `${record?.directory ?? 'nothing'} on ${record?.service ?? 'unknown'}`
      : `${previous.directory} on ${previous.node}`
  const bytes = previous?.bytes == null ? '' : `, ${mebibytes(previous.bytes)}`
  return {
    summary: `Removes what recovery ${context.input.recovery} keeps: ${what}${bytes}`,
    steps: [{ name: discardData.name, title: discardData.title, estimatedSeconds: 2 }],
    checks: [],
    estimatedSeconds: 2,
    downtimeSeconds: 0,
    dataLoss:
      previous === null ? null : 'Recovery cannot be undone any more; what it gave up is then in the archive alone.',
  }
}
