import { IsInt, IsOptional, Matches, Max, Min } from 'class-validator'
import { Field, InputType, Int } from 'type-graphql'
import { NAME } from '../../../domain/name.ts'
import { OperationInput } from '../../operation-input.ts'

@InputType({ description: 'From which service to which.' })
export class CheckConnectivityInput extends OperationInput {
  @Field(() => String, { description: 'The service in whose container it is tried: "db1".' })
  @Matches(NAME, { message: 'from: the name of a service, such as "db1"' })
  from!: string

  @Field(() => String, { description: 'The service that is to be reached, by its name: "etcd1".' })
  @Matches(NAME, { message: 'to: the name of a service, such as "etcd1"' })
  to!: string

  @Field(() => Int, {
    nullable: true,
    description:
      'TCP port; left out, the main one of `to`: PostgreSQL 5432 (Patroni is 8008), etcd 2379, HAProxy 5000, Barman SSH 22, Redis 6379, Docker proxy 2375, API 4000, worker 4001.',
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(65_535)
  port?: number | null
}
