import { Field, Int, ObjectType } from 'type-graphql'
import type { Topology } from '../../../domain/cluster/cluster.ts'
import type { Lsn } from '../../../domain/wal/lsn.ts'
import type { TimelineSwitch } from '../../../domain/wal/timeline.ts'
import { DateTime, LsnScalar } from '../common/output-scalars.ts'

@ObjectType('TimelineSwitch', {
  description: "The end of one timeline and the start of the next. Source: Patroni's `history` key.",
  simpleResolvers: true,
})
export class TimelineSwitchType implements TimelineSwitch {
  @Field(() => Int, { description: 'The timeline that was left.' })
  timeline!: number

  @Field(() => LsnScalar, { description: 'Where it was left: the next timeline begins here.' })
  lsn!: Lsn

  @Field(() => String, { nullable: true, description: 'PostgreSQL\'s reason, e.g. "no recovery target specified".' })
  reason!: string | null

  @Field(() => DateTime, { nullable: true, description: 'When it happened. Null where it was not recorded.' })
  at!: Date | null

  @Field(() => String, {
    nullable: true,
    description: 'Name of the node that led afterwards. Null where it was not recorded.',
  })
  newLeader!: string | null
}

@ObjectType('ScheduledSwitchover', {
  description: "A switchover that Patroni will do at a set time. Source: Patroni's `failover` key.",
  simpleResolvers: true,
})
export class ScheduledSwitchoverType implements NonNullable<Topology['scheduledSwitchover']> {
  @Field(() => String, { nullable: true, description: 'The leader that it takes over from.' })
  from!: string | null

  @Field(() => String, { nullable: true, description: 'The candidate. Null: Patroni chooses.' })
  to!: string | null

  @Field(() => DateTime, { description: 'When.' })
  at!: Date
}
