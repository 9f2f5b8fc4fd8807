import { Field, Float, Int, ObjectType } from 'type-graphql'
import type { RelationComparison } from '../../../domain/recovery/row-estimates.ts'
import type { Timestamp } from '../../../domain/timestamp.ts'
import type { Lsn } from '../../../domain/wal/lsn.ts'
import { ByteCount, DateTime, LsnScalar } from '../common/output-scalars.ts'

@ObjectType('RecoveryConnectionInfo', {
  description:
    'How to look at recovered data while it is READY: read-only, with a password of its own that ends with it.',
  simpleResolvers: true,
})
export class RecoveryConnectionInfoType {
  @Field(() => String, {
    description: 'Host of the recovered PostgreSQL, as a client of the stack reaches it: where its port is published.',
  })
  host!: string

  @Field(() => Int, { description: 'Its published port.' })
  port!: number

  @Field(() => String, { description: 'A database to start with.' })
  database!: string

  @Field(() => String, { description: 'The role to connect as.' })
  user!: string

  @Field(() => String, { description: 'Its password, made for this recovery alone.' })
  password!: string
}

@ObjectType('RecoveryPoint', {
  description: 'How far a recovery came. Source: PostgreSQL, after replay.',
  simpleResolvers: true,
})
export class RecoveryPointType {
  @Field(() => DateTime, { nullable: true, description: 'Time of the last commit that was replayed.' })
  time!: Timestamp | null

  @Field(() => LsnScalar, { nullable: true, description: 'End of the last record that was replayed.' })
  lsn!: Lsn | null

  @Field(() => String, { nullable: true, description: 'Last transaction that was replayed.' })
  xid!: string | null
}

@ObjectType('RelationComparison', {
  description:
    'A table or materialized view in the recovered data and in the running cluster. Source: pg_class.reltuples.',
  simpleResolvers: true,
})
export class RelationComparisonType implements RelationComparison {
  @Field(() => String, { description: 'Its database.' })
  database!: string

  @Field(() => String, { description: 'With its schema, quoted where PostgreSQL would: "public.orders".' })
  relation!: string

  @Field(() => Float, {
    nullable: true,
    description: 'Rows in the recovered data: an estimate. Null where it is missing, or was never analyzed.',
  })
  rowsThere!: number | null

  @Field(() => Float, {
    nullable: true,
    description: 'Rows in the running cluster now: an estimate. Null where it is missing, or was never analyzed.',
  })
  rowsNow!: number | null

  @Field(() => Boolean, { description: 'Whether the recovered data has no such table.' })
  missingThere!: boolean

  @Field(() => Boolean, { description: 'Whether the running cluster has no such table.' })
  missingNow!: boolean
}

@ObjectType('PreviousData', {
  description: "Data that a cut-over put aside, whole, on the node's own volume. discardRecovery gives its disk back.",
  simpleResolvers: true,
})
export class PreviousDataType {
  @Field(() => String, { description: 'Name of the node.' })
  node!: string

  @Field(() => String, { description: "Where it lies, in the node's container." })
  directory!: string

  @Field(() => Int, { description: 'Timeline that it was on.' })
  timeline!: number

  @Field(() => LsnScalar, { description: 'Where its writes ended: everything before is in the archive.' })
  endLsn!: Lsn

  @Field(() => ByteCount, { nullable: true, description: 'What it takes on disk. Null when that was not measured.' })
  bytes!: number | null
}
