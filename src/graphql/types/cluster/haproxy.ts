import { Field, Int, ObjectType } from 'type-graphql'
import type { HaproxyBackend, HaproxyServer } from '../../../domain/cluster/cluster.ts'
import { ByteCount } from '../common/output-scalars.ts'

@ObjectType('HaproxyServer', {
  description: 'One node behind a backend. Source: HAProxy statistics.',
  simpleResolvers: true,
})
export class HaproxyServerType implements HaproxyServer {
  @Field(() => String, { description: "Its name in HAProxy's configuration." })
  name!: string

  @Field(() => String, { description: 'HAProxy\'s word: "UP", "DOWN", "MAINT", "no check" ...' })
  status!: string

  @Field(() => Boolean, { description: 'Whether new connections are sent to it now.' })
  active!: boolean

  @Field(() => Int, { description: 'Connections through it now.' })
  sessions!: number

  @Field(() => String, {
    nullable: true,
    description: 'Outcome of the last check: "L7OK", "L4CON" ... Null without checks.',
  })
  checkStatus!: string | null

  @Field(() => Int, { nullable: true, description: 'Seconds since it last changed between up and down.' })
  lastChangeSeconds!: number | null

  @Field(() => ByteCount, { nullable: true, description: "Bytes from clients since HAProxy's start." })
  bytesIn!: number | null

  @Field(() => ByteCount, { nullable: true, description: "Bytes to clients since HAProxy's start." })
  bytesOut!: number | null
}

@ObjectType('HaproxyBackend', {
  description: 'A pool of nodes that one port leads to. Source: HAProxy statistics.',
  simpleResolvers: true,
})
export class HaproxyBackendType implements HaproxyBackend {
  @Field(() => String, { description: "Its name in HAProxy's configuration." })
  name!: string

  @Field(() => [HaproxyServerType], { description: "Its servers, in HAProxy's order." })
  servers!: readonly HaproxyServer[]
}

@ObjectType('Haproxy', {
  description: 'The proxy that leads clients to the leader and to replicas.',
  simpleResolvers: true,
})
export class HaproxyType {
  @Field(() => String, { description: 'Its statistics page, from the configuration.' })
  statsUrl!: string

  @Field(() => [HaproxyBackendType], {
    description: 'Its backends; empty while none has been read, the last known ones while it is away (health says so).',
  })
  backends!: readonly HaproxyBackend[]
}
