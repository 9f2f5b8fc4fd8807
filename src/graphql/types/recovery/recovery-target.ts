import { Field, ObjectType } from 'type-graphql'
import { parseRecoveryTarget, type RecoveryTarget } from '../../../domain/recovery/recovery-target.ts'
import type { Timestamp } from '../../../domain/timestamp.ts'
import type { Lsn } from '../../../domain/wal/lsn.ts'
import type { RecoveryTargetInput } from '../../../operations/recovery/recovery-target-input.ts'
import { badUserInput } from '../../format-error.ts'
import { DateTime, LsnScalar } from '../common/output-scalars.ts'

export { RecoveryTargetInput } from '../../../operations/recovery/recovery-target-input.ts'

/** Throws BAD_USER_INPUT with the remedy and the field. */
export function readRecoveryTarget(input: RecoveryTargetInput): RecoveryTarget {
  const { target, problem } = parseRecoveryTarget(input)
  if (target !== null) return target
  throw badUserInput(problem.message, problem)
}

@ObjectType('RecoveryTarget', { description: 'Where a recovery stops, as it was asked for.', simpleResolvers: true })
export class RecoveryTargetType {
  @Field(() => DateTime, { nullable: true, description: 'The time. Null for another kind of target.' })
  time!: Timestamp | null

  @Field(() => LsnScalar, { nullable: true, description: 'The position. Null for another kind of target.' })
  lsn!: Lsn | null

  @Field(() => String, { nullable: true, description: 'The transaction. Null for another kind of target.' })
  xid!: string | null

  @Field(() => String, { nullable: true, description: 'The restore point. Null for another kind of target.' })
  name!: string | null

  @Field(() => Boolean, { description: 'Whether it stops as soon as the backup is consistent.' })
  immediate!: boolean

  @Field(() => String, { description: 'A number, "current" or "latest".' })
  timeline!: string

  @Field(() => Boolean, { description: 'Whether what stands exactly at the target is replayed too.' })
  inclusive!: boolean
}
