import { Field, Float, ObjectType } from 'type-graphql'
import type { ReplicationSlot } from '../../../domain/cluster/cluster.ts'
import type { NodeLag } from '../../../domain/cluster/node-view.ts'
import type { Eligibility } from '../../../domain/cluster/switchover-eligibility.ts'
import type { Lsn } from '../../../domain/wal/lsn.ts'
import { ByteCount, LsnScalar } from '../common/output-scalars.ts'

@ObjectType('Lag', {
  description: 'How far a replica is behind the leader. Null where it cannot be seen now.',
  simpleResolvers: true,
})
export class LagType implements NodeLag {
  @Field(() => ByteCount, {
    nullable: true,
    description: 'Bytes of WAL that the leader has written and the replica has not received.',
  })
  receiveBytes!: number | null

  @Field(() => ByteCount, {
    nullable: true,
    description: 'Bytes of WAL that the leader has written and the replica has not replayed.',
  })
  replayBytes!: number | null

  @Field(() => Float, {
    nullable: true,
    description:
      'Seconds since the last replayed commit; 0 when all that was received is replayed. Source: SQL on the replica.',
  })
  replaySeconds!: number | null
}

@ObjectType('Eligibility', {
  description: 'Whether something may be done now, and if not, why.',
  simpleResolvers: true,
})
export class EligibilityType implements Eligibility {
  @Field(() => Boolean, { description: 'Whether nothing speaks against it.' })
  eligible!: boolean

  @Field(() => [String], { description: 'Every reason against it, for people.' })
  reasons!: readonly string[]
}

@ObjectType('ReplicationSlot', {
  description: 'A replication slot on a node. Source: pg_replication_slots.',
  simpleResolvers: true,
})
export class ReplicationSlotType implements ReplicationSlot {
  @Field(() => String, { description: 'Its name.' })
  name!: string

  @Field(() => String, { description: '"physical" or "logical".' })
  slotType!: string

  @Field(() => String, { nullable: true, description: 'Database of a logical slot; null on a physical one.' })
  database!: string | null

  @Field(() => Boolean, { description: 'Whether a receiver streams from it now.' })
  active!: boolean

  @Field(() => LsnScalar, {
    nullable: true,
    description: 'WAL from here on is kept for it. Null when it has never been used.',
  })
  restartLsn!: Lsn | null

  @Field(() => LsnScalar, {
    nullable: true,
    description: 'How far a logical consumer has confirmed. Null on a physical slot.',
  })
  confirmedFlushLsn!: Lsn | null

  @Field(() => ByteCount, { nullable: true, description: 'Bytes of WAL that it keeps from being removed.' })
  retainedBytes!: number | null

  @Field(() => String, {
    nullable: true,
    description:
      '"reserved", "extended", "unreserved" or "lost"; the last also while something reads from it, where PostgreSQL says "unreserved".',
  })
  walStatus!: string | null
}
