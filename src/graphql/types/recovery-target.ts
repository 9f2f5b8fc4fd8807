import { GraphQLError } from 'graphql'
import { Field, ObjectType } from 'type-graphql'
import type { Lsn } from '../../domain/lsn.ts'
import { parseRecoveryTarget, type RecoveryTarget } from '../../domain/recovery-target.ts'
import type { RecoveryTargetInput } from '../../operations/inputs/recovery-target-input.ts'
import { DateTime, LsnScalar } from './scalars.ts'

export { RecoveryTargetInput } from '../../operations/inputs/recovery-target-input.ts'

/** Throws BAD_USER_INPUT with the remedy and the field. */
export function readRecoveryTarget(input: RecoveryTargetInput): RecoveryTarget {
  const { target, problem } = parseRecoveryTarget(input)
  if (target !== null) return target
  const { message, remedy, field } = problem
  throw new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', remedy, retryable: false, field } })
}

@ObjectType('RecoveryTarget', { description: 'Where a recovery stops, as it was asked for.', simpleResolvers: true })
export class RecoveryTargetType {
  @Field(() => DateTime, { nullable: true, description: 'The time. Null for another kind of target.' })
  time!: Date | null

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
