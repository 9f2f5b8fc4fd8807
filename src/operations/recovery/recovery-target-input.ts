import 'reflect-metadata'
import { Field, InputType } from 'type-graphql'
import type { GivenTime } from '../../domain/timestamp.ts'
import type { GivenLsn } from '../../domain/wal/lsn.ts'
import { DateTime, LsnScalar } from '../time-and-lsn-scalars.ts'

@InputType({
  description: 'Where a recovery stops: exactly one of time, lsn, xid, name, immediate. None: the end of the archive.',
})
export class RecoveryTargetInput {
  @Field(() => DateTime, {
    nullable: true,
    description: 'The last commit before (or at) this time, to the microsecond.',
  })
  time?: GivenTime | null

  @Field(() => LsnScalar, { nullable: true, description: 'This position in the WAL.' })
  lsn?: GivenLsn | null

  @Field(() => String, {
    nullable: true,
    description: 'The commit of this transaction, as returned by pg_current_xact_id().',
  })
  xid?: string | null

  @Field(() => String, { nullable: true, description: 'A restore point, made by pg_create_restore_point.' })
  name?: string | null

  @Field(() => Boolean, { nullable: true, description: 'As soon as the base backup is consistent.' })
  immediate?: boolean | null

  @Field(() => String, {
    nullable: true,
    description: 'A timeline by its number, "current" (that of the backup) or "latest" (the default).',
  })
  timeline?: string | null

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: true,
    description: 'Whether what stands exactly at the target is replayed too.',
  })
  inclusive?: boolean | null
}
