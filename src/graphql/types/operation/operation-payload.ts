import { Field, ObjectType } from 'type-graphql'
import type { OperationAnswer } from '../../../admission/operation-service.ts'
import type { OperationPlan } from '../../../domain/operation/operation.ts'
import type { Refusal } from '../../../domain/refusal.ts'
import { OperationType } from './operation.ts'
import { OperationPlanType } from './operation-parts.ts'
import { RefusalType } from './refusal.ts'

@ObjectType('OperationPayload', {
  description: 'The answer to every mutation: what was begun, or why it was not.',
  simpleResolvers: true,
})
export class OperationPayload {
  @Field(() => OperationType, { nullable: true, description: 'What was begun. Null on a dry run or a refusal.' })
  readonly operation: OperationType | null

  @Field(() => OperationPlanType, {
    nullable: true,
    description: 'What it will do, or would do. Null when the refusal came before the plan.',
  })
  readonly plan: OperationPlan | null

  @Field(() => [RefusalType], { description: 'What the caller has to fix first; empty when the operation may run.' })
  readonly refusals: readonly RefusalType[]

  /** What was not even checked against the cluster. */
  static refused(refusals: readonly Refusal[]): OperationPayload {
    return new OperationPayload({ operation: null, plan: null, refusals })
  }

  constructor({ operation, plan, refusals }: OperationAnswer) {
    this.operation = operation === null ? null : new OperationType(operation)
    this.plan = plan
    this.refusals = refusals.map((refusal) => new RefusalType(refusal))
  }
}
