// type-graphql insists on it, although every decorator here names its type.
import 'reflect-metadata'
import { IsOptional, Length, Matches } from 'class-validator'
import { Field, InputType } from 'type-graphql'

/** What every operation's input takes beside its own fields. */
@InputType()
export abstract class OperationInput {
  @Field(() => String, {
    nullable: true,
    description: 'Cluster (Patroni scope); the only one when left out. Needed where several are configured.',
  })
  @IsOptional()
  @Length(1, 63)
  cluster?: string | null

  @Field(() => String, { nullable: true, description: 'Why; kept with the operation. At most 500 characters.' })
  @IsOptional()
  @Length(0, 500)
  reason?: string | null

  @Field(() => String, {
    nullable: true,
    description:
      'The same key with the same input answers with the same operation, however often it is sent; with another input it is refused (CONFLICT). 1 to 128 of A-Z a-z 0-9 . _ : -',
  })
  @IsOptional()
  @Matches(/^[A-Za-z0-9._:-]{1,128}$/, { message: 'idempotencyKey: 1 to 128 of A-Z a-z 0-9 . _ : -' })
  idempotencyKey?: string | null

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Check and plan only: nothing is recorded, enqueued or changed.',
  })
  dryRun?: boolean | null

  @Field(() => String, { nullable: true, description: "For destructive kinds: must equal the cluster's name." })
  @IsOptional()
  @Length(0, 63)
  confirm?: string | null

  @Field(() => String, {
    nullable: true,
    description:
      'The fingerprint of the plan that was read (`plan.fingerprint`): that plan runs, or the refusal PLAN_CHANGED brings the new one.',
  })
  @IsOptional()
  @Length(1, 128)
  ifPlan?: string | null

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description:
      'Record it as PROPOSED: it runs once it is approved (approveOperation), and needs no `confirm`. Any role but VIEWER may propose any kind.',
  })
  propose?: boolean | null
}

/** Fields that steer the request and are no part of what is to be done. */
export const REQUEST_FIELDS = ['cluster', 'reason', 'idempotencyKey', 'dryRun', 'confirm', 'ifPlan', 'propose'] as const
