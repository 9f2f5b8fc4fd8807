import { Field, ObjectType } from 'type-graphql'
import type { Refusal } from '../../../domain/refusal.ts'
import type { ObservedSchedule } from '../../../domain/schedule/schedule.ts'
import { RefusalType } from '../operation/refusal.ts'
import { ScheduleType } from './schedule.ts'

@ObjectType('SchedulePayload', { description: 'The answer to a mutation of a schedule.', simpleResolvers: true })
export class SchedulePayload {
  @Field(() => ScheduleType, { nullable: true, description: 'As it is then. Null on a refusal, and where it is gone.' })
  readonly schedule: ScheduleType | null

  @Field(() => [RefusalType], { description: 'What the caller has to fix first; empty when it was done.' })
  readonly refusals: readonly RefusalType[]

  constructor({ schedule, refusals }: { schedule: ObservedSchedule | null; refusals: readonly Refusal[] }) {
    this.schedule = schedule === null ? null : new ScheduleType(schedule)
    this.refusals = refusals.map((refusal) => new RefusalType(refusal))
  }
}
