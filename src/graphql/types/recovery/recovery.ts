import { Ctx, Field, Float, ID, Int, ObjectType } from 'type-graphql'
import { Role } from '../../../domain/operation/operation.ts'
import {
  isUndoable,
  RecoveryMode,
  type RecoveryRecord,
  RecoveryStatus,
  RestoreMethod,
  totalSecondsOf,
} from '../../../domain/recovery/recovery.ts'
import { compareRelations, type RelationComparison } from '../../../domain/recovery/row-estimates.ts'
import { formatGlobalId } from '../../../domain/resource-id.ts'
import { parseLsn } from '../../../domain/wal/lsn.ts'
import type { ApiContext } from '../../request-context.ts'
import { connectionType } from '../common/connection.ts'
import { NodeType } from '../common/relay-node.ts'
import './recovery-enums.ts'
import '../../../operations/recovery/restore-method.ts'
import { Timestamp } from '../../../domain/timestamp.ts'
import { ByteCount, DateTime } from '../common/output-scalars.ts'
import { VerificationType } from '../common/verification.ts'
import {
  PreviousDataType,
  RecoveryConnectionInfoType,
  RecoveryPointType,
  RelationComparisonType,
} from './recovery-parts.ts'
import { RecoveryTargetType } from './recovery-target.ts'

/** Its cluster, its backup and its operations are in links/. */
@ObjectType('Recovery', {
  implements: NodeType,
  description: 'A recovery, from its restore to its end. Source: its record in Redis, beside the operations.',
})
export class RecoveryType implements NodeType {
  readonly record: RecoveryRecord

  constructor(record: RecoveryRecord) {
    this.record = record
  }

  @Field(() => ID, { description: '"Recovery:20261122T171311042-3f9a1c": the id of the operation that began it.' })
  get id(): string {
    return formatGlobalId('Recovery', this.record.id)
  }

  @Field(() => RecoveryMode, { description: 'What it is for.' })
  get mode(): RecoveryMode {
    return this.record.mode
  }

  @Field(() => RecoveryStatus, { description: 'Where it is.' })
  get status(): RecoveryStatus {
    return this.record.status
  }

  @Field(() => RecoveryTargetType, { description: 'Where it was to stop.' })
  get target(): RecoveryTargetType {
    const { time, lsn, xid, name, immediate, timeline, inclusive } = this.record.target
    return {
      time: time == null ? null : Timestamp.parse(time),
      lsn: typeof lsn === 'string' ? parseLsn(lsn) : (lsn ?? null),
      xid: xid ?? null,
      name: name ?? null,
      immediate: immediate ?? false,
      timeline: timeline ?? 'latest',
      inclusive: inclusive ?? true,
    }
  }

  @Field(() => Int, { description: 'The timeline that is followed to the target.' })
  get targetTimeline(): number {
    return this.record.targetTimeline
  }

  @Field(() => String, { description: "Barman's id of the base backup: it says which even when that is gone." })
  get backupId(): string {
    return this.record.backupId
  }

  @Field(() => RestoreMethod, { description: 'How archived WAL comes to it.' })
  get restoreMethod(): RestoreMethod {
    return this.record.restoreMethod
  }

  @Field(() => String, { description: 'The service whose container holds the recovered data.' })
  get service(): string {
    return this.record.service
  }

  @Field(() => String, { nullable: true, description: 'The node that leads after the cut-over. Null for a rehearsal.' })
  get node(): string | null {
    return this.record.node
  }

  @Field(() => String, { description: 'Where the recovered data lies, in that container.' })
  get directory(): string {
    return this.record.directory
  }

  @Field(() => RecoveryConnectionInfoType, {
    nullable: true,
    description:
      'How to look at the recovered data while it is READY. Null otherwise, and for a VIEWER: it holds a password.',
  })
  connection(@Ctx() { actor }: ApiContext): RecoveryConnectionInfoType | null {
    const { status, connection } = this.record
    return actor.role === Role.VIEWER || status !== RecoveryStatus.READY ? null : connection
  }

  @Field(() => RecoveryPointType, { nullable: true, description: 'How far it came. Null until replay ended.' })
  get reached(): RecoveryPointType | null {
    const { reached } = this.record
    if (reached === null) return null
    const { time, lsn, xid } = reached
    return { time: time === null ? null : Timestamp.parse(time), lsn: lsn === null ? null : parseLsn(lsn), xid }
  }

  @Field(() => Int, {
    nullable: true,
    description: 'Timeline that the recovered data is on; one further after its promotion. Null until it is known.',
  })
  get timeline(): number | null {
    return this.record.timeline
  }

  @Field(() => VerificationType, { nullable: true, description: 'How it was verified. Null until it was.' })
  get verification(): VerificationType | null {
    const { verification } = this.record
    return verification === null ? null : { ...verification, at: new Date(verification.at) }
  }

  @Field(() => Float, {
    nullable: true,
    description: 'Seconds that the restore took (part of the recovery time actual).',
  })
  get restoreSeconds(): number | null {
    return this.record.restoreSeconds
  }

  @Field(() => Float, {
    nullable: true,
    description: 'Seconds that the replay took (part of the recovery time actual).',
  })
  get replaySeconds(): number | null {
    return this.record.replaySeconds
  }

  @Field(() => Float, {
    nullable: true,
    description: 'Seconds that the verification took (part of the recovery time actual).',
  })
  get verifySeconds(): number | null {
    return this.record.verifySeconds
  }

  @Field(() => Float, {
    nullable: true,
    description:
      'The recovery time actual: seconds from its beginning until its data was verified, and those for which writes failed in its cut-over. The time for which it waited to be cut over is not in it. Null until it was verified.',
  })
  get totalSeconds(): number | null {
    return totalSecondsOf(this.record)
  }

  @Field(() => [RelationComparisonType], {
    nullable: true,
    description:
      'While it is READY: tables in the recovered data, as estimated when it was verified, and in the running cluster, asked now; the 100 that differ most, those first. Of each of 20 databases the 200 largest tables are looked at; what could not be read on one side is left out. Null when it is not READY, and where the recovered data could not be asked. Errors: UNREACHABLE, LOGIN_REFUSED while the leader cannot be asked.',
  })
  async comparison(@Ctx() { deps, memo }: ApiContext): Promise<readonly RelationComparison[] | null> {
    const { status, cluster, rowEstimates } = this.record
    const source = deps.clusters.get(cluster)
    if (status !== RecoveryStatus.READY || rowEstimates === null || source === undefined) return null
    return compareRelations(rowEstimates, await memo.rowEstimates(cluster, () => source.readRowEstimates()))
  }

  @Field(() => Float, {
    nullable: true,
    description: 'Seconds for which writes failed in the cut-over. 0 for a rehearsal, null until it was cut over.',
  })
  get downtimeSeconds(): number | null {
    return this.record.downtimeSeconds
  }

  @Field(() => Boolean, { description: 'Whether undoRecovery can bring back the state at the cut-over.' })
  get undoable(): boolean {
    return isUndoable(this.record)
  }

  @Field(() => ByteCount, {
    nullable: true,
    description: 'Bytes that the data from before takes. Null when it is gone, or was not measured.',
  })
  get previousDataBytes(): number | null {
    return this.record.previous?.bytes ?? null
  }

  @Field(() => PreviousDataType, {
    nullable: true,
    description: 'What a cut-over, or its undo, has put aside on the node. Null when there is none.',
  })
  get previousData(): PreviousDataType | null {
    const { previous } = this.record
    return previous === null ? null : { ...previous, endLsn: parseLsn(previous.endLsn) }
  }

  @Field(() => DateTime, { description: 'When it began.' })
  get createdAt(): string {
    return this.record.createdAt
  }

  @Field(() => DateTime, { description: 'When it last changed.' })
  get updatedAt(): string {
    return this.record.updatedAt
  }

  @Field(() => DateTime, {
    nullable: true,
    description: 'When it is discarded by itself, if it is still READY then. Null: never.',
  })
  get expiresAt(): string | null {
    return this.record.expiresAt
  }

  @Field(() => DateTime, { nullable: true, description: 'When it took the place of the cluster. Null until it did.' })
  get cutOverAt(): string | null {
    return this.record.cutOverAt
  }
}

export const RecoveryConnection = connectionType<RecoveryType>('Recovery', () => RecoveryType, {
  order: 'newest first',
  cursor: "The recovery's bare id.",
  counted: true,
})
