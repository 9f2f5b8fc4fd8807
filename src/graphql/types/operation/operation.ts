import { Ctx, Field, Float, ID, InputType, Int, ObjectType } from 'type-graphql'
import {
  type Actor,
  isTerminal,
  type OperationError,
  type OperationPlan,
  type OperationRecord,
  type OperationResultReference,
  OperationStatus,
  type Progress,
} from '../../../domain/operation/operation.ts'
import { hasNoWorker, START_WORKER } from '../../../domain/operation/worker-presence.ts'
import { formatGlobalId } from '../../../domain/resource-id.ts'
import type { ApiContext } from '../../request-context.ts'
import { BaseBackupType } from '../backup/backup.ts'
import { PostgresNodeType } from '../cluster/postgres-node.ts'
import { ServiceType } from '../cluster/service.ts'
import { connectionType } from '../common/connection.ts'
import { DateTime, Json } from '../common/output-scalars.ts'
import { NodeType } from '../common/relay-node.ts'
import { RecoveryType } from '../recovery/recovery.ts'
import { operationKindEnum } from './operation-kind.ts'
import {
  ActorType,
  OperationErrorType,
  OperationPlanType,
  OperationStepType,
  ProgressType,
  secondsOf,
} from './operation-parts.ts'
import { type OperationResultObject, OperationResultType, resolveResult } from './operation-result.ts'
import { subjectOf } from './operation-subjects.ts'
import { ProposalType } from './proposal.ts'

/** Its cluster and its events are in links/. */
@ObjectType('Operation', {
  implements: NodeType,
  description: 'One long job, from its request to its end. Source: the operation log in Redis.',
})
export class OperationType implements NodeType {
  readonly record: OperationRecord

  constructor(record: OperationRecord) {
    this.record = record
  }

  @Field(() => ID, { description: '"Operation:20261122T171311042-3f9a1c".' })
  get id(): string {
    return formatGlobalId('Operation', this.record.id)
  }

  @Field(operationKindEnum, { description: 'What it does.' })
  get kind(): string {
    return this.record.kind
  }

  @Field(() => OperationStatus, { description: 'Where it is in its life.' })
  get status(): OperationStatus {
    return this.record.status
  }

  @Field(() => Json, {
    description:
      'What was asked for: the input without cluster, reason, idempotencyKey, dryRun, confirm, ifPlan and propose.',
  })
  get input(): OperationRecord['input'] {
    return this.record.input
  }

  @Field(() => String, { nullable: true, description: 'Why it was requested. Null when no reason was given.' })
  get reason(): string | null {
    return this.record.reason
  }

  @Field(() => ActorType, { description: 'Who asked for it.' })
  get requestedBy(): Actor {
    return this.record.requestedBy
  }

  @Field(() => ProposalType, {
    nullable: true,
    description: 'Until when it may be decided, and what was. Null where it was requested to run, and not proposed.',
  })
  get proposal(): ProposalType | null {
    const { proposal, requestedBy } = this.record
    return proposal === null ? null : new ProposalType(requestedBy, proposal)
  }

  @Field(() => String, { nullable: true, description: 'As it was given. Null without one.' })
  get idempotencyKey(): string | null {
    return this.record.idempotencyKey
  }

  @Field(() => DateTime, { description: 'When it was recorded.' })
  get requestedAt(): string {
    return this.record.requestedAt
  }

  @Field(() => DateTime, { nullable: true, description: 'When a worker first began. Null until then.' })
  get startedAt(): string | null {
    return this.record.startedAt
  }

  @Field(() => DateTime, { nullable: true, description: 'When it ended. Null until then.' })
  get finishedAt(): string | null {
    return this.record.finishedAt
  }

  @Field(() => Float, {
    nullable: true,
    description: 'Seconds from when a worker first began to its end, or until now. Null until it began.',
  })
  durationSeconds(@Ctx() { deps }: ApiContext): number | null {
    return secondsOf(this.record, deps.now())
  }

  @Field(() => [OperationStepType], { description: 'Its steps, in order.' })
  get steps(): readonly OperationStepType[] {
    return this.record.steps.map((step) => new OperationStepType(this.record.id, step))
  }

  @Field(() => ProgressType, {
    description: 'How far the whole is. While it waits for a worker or an approval, its message says so.',
  })
  progress(@Ctx() { deps }: ApiContext): Progress {
    const { progress, status } = this.record
    if (status === OperationStatus.PROPOSED) return { ...progress, message: 'Waits for an approval.' }
    if (isTerminal(status) || !hasNoWorker(deps.workers.current(), deps.now())) return progress
    return { ...progress, message: `No worker runs. ${START_WORKER}` }
  }

  @Field(() => OperationPlanType, { description: 'The plan that it was begun with.' })
  get plan(): OperationPlan {
    return this.record.plan
  }

  @Field(() => OperationErrorType, {
    nullable: true,
    description: 'Why it FAILED, or what to look at when it was INTERRUPTED.',
  })
  get error(): OperationError | null {
    return this.record.error
  }

  @Field(() => OperationResultType, {
    nullable: true,
    description: 'What it made, as it is now. Null until it succeeded, and when that is gone.',
  })
  result(@Ctx() { deps }: ApiContext): Promise<OperationResultObject | null> {
    return resolveResult(deps, this.record.cluster, this.record.result)
  }

  @Field(() => BaseBackupType, {
    nullable: true,
    description:
      'The backup that it makes or is about, also while it runs. Null where it is about none, or that is gone.',
  })
  backup(@Ctx() context: ApiContext): Promise<BaseBackupType | null> {
    return this.#subject(context, 'Backup') as Promise<BaseBackupType | null>
  }

  @Field(() => RecoveryType, {
    nullable: true,
    description: 'The recovery that it makes or is about, also while it runs. Null where it is about none.',
  })
  recovery(@Ctx() context: ApiContext): Promise<RecoveryType | null> {
    return this.#subject(context, 'Recovery') as Promise<RecoveryType | null>
  }

  @Field(() => PostgresNodeType, {
    nullable: true,
    description: 'The node that it is about: that is restarted, or takes over. Null where it is about none.',
  })
  node(@Ctx() context: ApiContext): Promise<PostgresNodeType | null> {
    return this.#subject(context, 'PostgresNode') as Promise<PostgresNodeType | null>
  }

  @Field(() => ServiceType, {
    nullable: true,
    description: 'The service that it is about. Null where it is about none.',
  })
  service(@Ctx() context: ApiContext): Promise<ServiceType | null> {
    return this.#subject(context, 'Service') as Promise<ServiceType | null>
  }

  @Field(() => String, {
    nullable: true,
    description:
      'Cursor of its newest event: operationEvents(after: this) goes on behind it. Null, with the error, while Redis is away.',
  })
  async lastCursor(@Ctx() { deps }: ApiContext): Promise<string | null> {
    const { events } = await deps.log.events(this.record.id, { limit: 1, from: null, backward: true })
    return events[0]?.cursor ?? null
  }

  @Field(() => Boolean, {
    description: 'Whether cancelOperation takes effect: false after a point of no return, and at the end.',
  })
  get cancellable(): boolean {
    return this.record.cancellable
  }

  @Field(() => Int, {
    description: 'How many workers have taken it on: 0 while queued, above 1 after a worker was lost.',
  })
  get attempt(): number {
    return this.record.attempt
  }

  @Field(() => OperationType, {
    nullable: true,
    description: 'The operation that it repeats. Null when it is no retry.',
  })
  async retryOf(@Ctx() { memo }: ApiContext): Promise<OperationType | null> {
    const record = this.record.retryOf === null ? null : await memo.operation(this.record.retryOf)
    return record === null ? null : new OperationType(record)
  }

  async #subject({ deps }: ApiContext, type: OperationResultReference['type']): Promise<OperationResultObject | null> {
    const { cluster } = this.record
    const server = deps.clusters.get(cluster)?.current().backupServers[0]?.name ?? null
    return resolveResult(deps, cluster, subjectOf(this.record, type, server))
  }
}

export const OperationConnection = connectionType<OperationType>('Operation', () => OperationType, {
  order: 'newest first',
  cursor: "The operation's bare id.",
})

@InputType('OperationFilter', { description: 'Narrows operations and their events; what is left out does not narrow.' })
export class OperationFilterInput {
  @Field(() => [operationKindEnum()], { nullable: true, description: 'Only of these kinds.' })
  kinds?: string[] | null

  @Field(() => [OperationStatus], { nullable: true, description: 'Only in one of these. Does not narrow events.' })
  statuses?: OperationStatus[] | null

  @Field(() => String, { nullable: true, description: 'Only on this cluster.' })
  cluster?: string | null
}
