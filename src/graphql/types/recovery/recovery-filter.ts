import { Field, InputType } from 'type-graphql'
import { RecoveryMode, type RecoveryRecord, RecoveryStatus } from '../../../domain/recovery/recovery.ts'
import './recovery-enums.ts'

@InputType({ description: 'Narrows recoveries; what is left out does not narrow.' })
export class RecoveryFilter {
  @Field(() => [RecoveryMode], { nullable: true, description: 'Only for one of these.' })
  modes?: RecoveryMode[] | null

  @Field(() => [RecoveryStatus], { nullable: true, description: 'Only in one of these.' })
  statuses?: RecoveryStatus[] | null
}

export function passes({ mode, status }: RecoveryRecord, filter: RecoveryFilter | null | undefined): boolean {
  const { modes, statuses } = filter ?? {}
  return (modes == null || modes.includes(mode)) && (statuses == null || statuses.includes(status))
}
