import { Field, ID, Int, ObjectType } from 'type-graphql'
import type { EtcdMemberSnapshot } from '../../../domain/cluster/cluster.ts'
import { assessEtcd } from '../../../domain/cluster/etcd-quorum.ts'
import { formatGlobalId } from '../../../domain/resource-id.ts'
import { ByteCount } from '../common/output-scalars.ts'
import { NodeType } from '../common/relay-node.ts'

@ObjectType('EtcdNode', {
  implements: NodeType,
  description: 'A configured etcd member and what it says of itself. Source: `Status` of the member.',
})
export class EtcdNodeType implements NodeType {
  readonly #cluster: string
  readonly #member: EtcdMemberSnapshot

  constructor(cluster: string, member: EtcdMemberSnapshot) {
    this.#cluster = cluster
    this.#member = member
  }

  @Field(() => ID, { description: '"EtcdNode:patroni/etcd1".' })
  get id(): string {
    return formatGlobalId('EtcdNode', this.#cluster, this.#member.name)
  }

  @Field(() => String, { description: 'Its configured name.' })
  get name(): string {
    return this.#member.name
  }

  @Field(() => Boolean, { description: 'Whether it answers and sees a leader, and so a quorum.' })
  get healthy(): boolean {
    const { value, error } = this.#member.status
    return error === null && value?.hasLeader === true
  }

  @Field(() => Boolean, { description: 'Whether it leads the etcd cluster; false while it cannot be reached.' })
  get isLeader(): boolean {
    const { value, error } = this.#member.status
    return error === null && value?.isLeader === true
  }

  @Field(() => String, { nullable: true, description: 'Version of etcd; the last that was known.' })
  get version(): string | null {
    return this.#member.status.value?.version ?? null
  }

  @Field(() => ByteCount, { nullable: true, description: 'Bytes of its database on disk; the last that was known.' })
  get databaseBytes(): number | null {
    return this.#member.status.value?.databaseBytes ?? null
  }

  @Field(() => [String], {
    description:
      'Alarms of etcd that it knows of, in etcd\'s words: "NOSPACE", "CORRUPT". While there is one, etcd refuses writes.',
  })
  get alarms(): readonly string[] {
    return this.#member.status.value?.alarms ?? []
  }

  @Field(() => Int, { nullable: true, description: 'Raft term that it is in; the last that was known.' })
  get raftTerm(): number | null {
    return this.#member.status.value?.raftTerm ?? null
  }

  @Field(() => String, { description: 'Where its clients connect, from the configuration.' })
  get clientUrl(): string {
    return this.#member.clientUrl
  }

  @Field(() => String, { nullable: true, description: 'Why it cannot be seen now; null when it can.' })
  get error(): string | null {
    return this.#member.status.error
  }
}

@ObjectType('EtcdCluster', { description: "The etcd cluster that holds Patroni's keys." })
export class EtcdClusterType {
  readonly #cluster: string
  readonly #members: readonly EtcdMemberSnapshot[]

  constructor(cluster: string, members: readonly EtcdMemberSnapshot[]) {
    this.#cluster = cluster
    this.#members = members
  }

  @Field(() => [EtcdNodeType], { description: 'The configured members, in configured order.' })
  get nodes(): readonly EtcdNodeType[] {
    return this.#members.map((member) => new EtcdNodeType(this.#cluster, member))
  }

  @Field(() => EtcdNodeType, { nullable: true, description: 'The member that leads; null when none is seen to.' })
  get leader(): EtcdNodeType | null {
    return this.nodes.find((node) => node.isLeader) ?? null
  }

  @Field(() => Boolean, {
    description: 'Whether a majority of the configured members is healthy: without it nothing can be written.',
  })
  get hasQuorum(): boolean {
    return assessEtcd(this.#members).hasQuorum
  }

  @Field(() => Int, { description: 'How many more members may be lost before the quorum is. 0 with two members.' })
  get faultTolerance(): number {
    return assessEtcd(this.#members).faultTolerance
  }
}
