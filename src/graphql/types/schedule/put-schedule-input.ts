import { Field, InputType, Int } from 'type-graphql'
import { Json } from '../common/output-scalars.ts'
import { operationKindEnum } from '../operation/operation-kind.ts'

@InputType({ description: 'What to request, and when.' })
export class PutScheduleInput {
  @Field(() => String, { nullable: true, description: 'Cluster; the only one when left out.' })
  cluster?: string | null

  @Field(() => String, {
    description: 'Unique in its cluster: 1 to 63 of A-Z a-z 0-9 . _ - One that is there is changed.',
  })
  name!: string

  @Field(() => operationKindEnum(), { description: 'What to request: a kind that destroys nothing.' })
  kind!: string

  @Field(() => Json, {
    nullable: true,
    description: 'The input of the kind, without what steers a request; words are text in it: {type: "INCREMENTAL"}.',
  })
  input?: Record<string, unknown> | null

  @Field(() => String, { description: 'Minute, hour, day, month, weekday: "30 2 * * 0" is Sunday, 02:30.' })
  cron!: string

  @Field(() => String, { defaultValue: 'UTC', description: 'IANA name: "Europe/Berlin".' })
  timeZone!: string

  @Field(() => Int, { defaultValue: 0, description: 'Seconds by which a slot is begun later at most; 0 to 86400.' })
  jitterSeconds!: number

  @Field(() => Int, {
    defaultValue: 3600,
    description: 'Seconds after which a slot that was not begun is not begun any more; 60 to 604800.',
  })
  deadlineSeconds!: number
}
