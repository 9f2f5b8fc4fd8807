import { Field, Float, ID, Int, ObjectType } from 'type-graphql'
import type { Lsn } from '../../domain/lsn.ts'
import { BaseBackupType } from './backup.ts'
import { connectionType } from './connection.ts'
import { describeEnum } from './enums.ts'
import { NodeType } from './node.ts'
import { RecoveryTargetType } from './recovery-target.ts'
import { ByteCount, DateTime, LsnScalar } from './scalars.ts'
import { VerificationType } from './verification.ts'

export enum RecoveryMode {
  REHEARSAL = 'REHEARSAL',
  IN_PLACE = 'IN_PLACE',
}
describeEnum(RecoveryMode, 'RecoveryMode', 'What a recovery is for.', {
  REHEARSAL: 'Beside the running cluster, which is not touched.',
  IN_PLACE: 'Takes the place of the cluster once it is cut over.',
})

export enum RecoveryStatus {
  RESTORING = 'RESTORING',
  REPLAYING = 'REPLAYING',
  VERIFYING = 'VERIFYING',
  READY = 'READY',
  CUTTING_OVER = 'CUTTING_OVER',
  COMPLETED = 'COMPLETED',
  UNDONE = 'UNDONE',
  DISCARDED = 'DISCARDED',
  FAILED = 'FAILED',
}
describeEnum(RecoveryStatus, 'RecoveryStatus', 'Where a recovery is.', {
  RESTORING: 'The base backup is being copied.',
  REPLAYING: 'WAL is being replayed.',
  VERIFYING: 'What was recovered is being checked.',
  READY: 'It can be looked at.',
  CUTTING_OVER: 'It is taking the place of the cluster.',
  COMPLETED: 'It has taken the place of the cluster.',
  UNDONE: 'The cluster is as it was before.',
  DISCARDED: 'What was recovered was removed.',
  FAILED: 'It ended without being READY.',
})

@ObjectType('RecoveryConnectionInfo', { description: 'How to look at recovered data.', simpleResolvers: true })
export class RecoveryConnectionInfoType {
  @Field(() => String, { description: 'Host of the recovered PostgreSQL.' })
  host!: string

  @Field(() => Int, { description: 'Its port.' })
  port!: number

  @Field(() => String, { nullable: true, description: 'A database to begin with.' })
  database!: string | null
}

@ObjectType('RecoveryPoint', {
  description: 'How far a recovery came. Source: PostgreSQL, after replay.',
  simpleResolvers: true,
})
export class RecoveryPointType {
  @Field(() => DateTime, { nullable: true, description: 'Time of the last commit that was replayed.' })
  time!: Date | null

  @Field(() => LsnScalar, { nullable: true, description: 'Last position that was replayed.' })
  lsn!: Lsn | null

  @Field(() => String, { nullable: true, description: 'Last transaction that was replayed.' })
  xid!: string | null
}

/** Nothing makes one yet: the type is there so that clients can be written against it. Its operation is in links/. */
@ObjectType('Recovery', { implements: NodeType, description: 'A recovery, from its restore to its end.' })
export class RecoveryType implements NodeType {
  @Field(() => ID, { description: '"Recovery:20261122T171311042-3f9a1c".' })
  readonly id!: string

  @Field(() => RecoveryMode, { description: 'What it is for.' })
  readonly mode!: RecoveryMode

  @Field(() => RecoveryStatus, { description: 'Where it is.' })
  readonly status!: RecoveryStatus

  @Field(() => RecoveryTargetType, { description: 'Where it was to stop.' })
  readonly target!: RecoveryTargetType

  @Field(() => BaseBackupType, { description: 'The base backup that it restored.' })
  readonly backup!: BaseBackupType

  @Field(() => RecoveryConnectionInfoType, {
    nullable: true,
    description: 'How to look at the recovered data while it is READY.',
  })
  readonly connection!: RecoveryConnectionInfoType | null

  @Field(() => RecoveryPointType, { nullable: true, description: 'How far it came. Null until replay ended.' })
  readonly reached!: RecoveryPointType | null

  @Field(() => Int, { nullable: true, description: 'Timeline that it ended on.' })
  readonly timeline!: number | null

  @Field(() => VerificationType, { nullable: true, description: 'How it was verified. Null until it was.' })
  readonly verification!: VerificationType | null

  @Field(() => Float, {
    nullable: true,
    description: 'Seconds that the restore took (part of the recovery time actual).',
  })
  readonly restoreSeconds!: number | null

  @Field(() => Float, {
    nullable: true,
    description: 'Seconds that the replay took (part of the recovery time actual).',
  })
  readonly replaySeconds!: number | null

  @Field(() => Float, { nullable: true, description: 'Seconds in which the cluster did not serve. 0 for a rehearsal.' })
  readonly downtimeSeconds!: number | null

  @Field(() => Boolean, { description: 'Whether the data from before is still there.' })
  readonly undoable!: boolean

  @Field(() => ByteCount, {
    nullable: true,
    description: 'Bytes that the data from before takes. Null when it is gone.',
  })
  readonly previousDataBytes!: number | null

  readonly operationId!: string
}

export const RecoveryConnection = connectionType<RecoveryType>('Recovery', () => RecoveryType, {
  order: 'newest first',
  cursor: "The recovery's id.",
})
