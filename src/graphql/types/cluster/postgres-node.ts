import { Field, ID, Int, ObjectType } from 'type-graphql'
import type { ReplicationSlot } from '../../../domain/cluster/cluster.ts'
import type { ClusterView } from '../../../domain/cluster/cluster-view.ts'
import { NodeRole, NodeState } from '../../../domain/cluster/node.ts'
import type { NodeLag, NodeView } from '../../../domain/cluster/node-view.ts'
import { assessSwitchover, type Eligibility } from '../../../domain/cluster/switchover-eligibility.ts'
import { formatGlobalId } from '../../../domain/resource-id.ts'
import type { Lsn } from '../../../domain/wal/lsn.ts'
import { DateTime, Json, LsnScalar } from '../common/output-scalars.ts'
import { NodeType } from '../common/relay-node.ts'
import { EligibilityType, LagType, ReplicationSlotType } from './postgres-node-parts.ts'
import { ServiceType } from './service.ts'

@ObjectType('PostgresNode', {
  implements: NodeType,
  description:
    "A configured PostgreSQL node. Sources: Patroni's keys in etcd, its REST on the node, SQL on the node, Docker.",
})
export class PostgresNodeType implements NodeType {
  readonly #cluster: ClusterView
  readonly #node: NodeView

  constructor(cluster: ClusterView, node: NodeView) {
    this.#cluster = cluster
    this.#node = node
  }

  @Field(() => ID, { description: '"PostgresNode:patroni/db2".' })
  get id(): string {
    return formatGlobalId('PostgresNode', this.#cluster.name, this.#node.name)
  }

  @Field(() => String, { description: "Patroni's name of the member." })
  get name(): string {
    return this.#node.name
  }

  @Field(() => NodeRole, { description: 'What it is in the cluster: the leader key decides who leads.' })
  get role(): NodeRole {
    return this.#node.role
  }

  @Field(() => NodeState, {
    description: 'What its PostgreSQL does; UNREACHABLE or STOPPED when the node itself does not answer.',
  })
  get state(): NodeState {
    return this.#node.state
  }

  @Field(() => String, {
    nullable: true,
    description: 'Why the state is not what the node itself says. Null where it is.',
  })
  get stateReason(): string | null {
    return this.#node.stateReason
  }

  @Field(() => String, { description: 'Where PostgreSQL listens, as Howdah reaches it; from the configuration.' })
  get host(): string {
    return this.#node.host
  }

  @Field(() => Int, { description: 'Port of PostgreSQL on that host; from the configuration.' })
  get port(): number {
    return this.#node.port
  }

  @Field(() => String, { description: "Address of Patroni's REST, as Howdah reaches it; from the configuration." })
  get apiUrl(): string {
    return this.#node.apiUrl
  }

  @Field(() => String, {
    nullable: true,
    description: 'Version of its PostgreSQL: "17.6". The last that was known. Source: Patroni, or SQL.',
  })
  get postgresVersion(): string | null {
    return this.#node.postgresVersion
  }

  @Field(() => String, { nullable: true, description: 'Version of its Patroni. The last that was known.' })
  get patroniVersion(): string | null {
    return this.#node.patroniVersion
  }

  @Field(() => DateTime, { nullable: true, description: 'When its PostgreSQL was started. Source: Patroni.' })
  get startedAt(): Date | null {
    return this.#node.startedAt
  }

  @Field(() => Int, { nullable: true, description: 'Timeline that it is on. Source: Patroni.' })
  get timeline(): number | null {
    return this.#node.timeline
  }

  @Field(() => LsnScalar, {
    nullable: true,
    description: 'Written on a leader, replayed on a replica; the last that was known.',
  })
  get lsn(): Lsn | null {
    return this.#node.lsn
  }

  @Field(() => LsnScalar, { nullable: true, description: 'Last WAL that a replica received. Null on the leader.' })
  get receivedLsn(): Lsn | null {
    return this.#node.receivedLsn
  }

  @Field(() => LsnScalar, { nullable: true, description: 'Last WAL that a replica replayed. Null on the leader.' })
  get replayedLsn(): Lsn | null {
    return this.#node.replayedLsn
  }

  @Field(() => LagType, { nullable: true, description: 'How far it is behind the leader. Null on the leader.' })
  get lag(): NodeLag | null {
    return this.#node.lag
  }

  @Field(() => Boolean, { description: 'Whether a changed setting waits for a restart. Source: Patroni.' })
  get pendingRestart(): boolean {
    return this.#node.pendingRestart
  }

  @Field(() => Json, {
    nullable: true,
    description: 'The settings that wait, with old and new value, as Patroni writes them.',
  })
  get pendingRestartReasons(): NodeView['pendingRestartReasons'] {
    return this.#node.pendingRestartReasons
  }

  @Field(() => Json, { description: "Patroni's tags: nofailover, noloadbalance, clonefrom ..." })
  get tags(): NodeView['tags'] {
    return this.#node.tags
  }

  @Field(() => [ReplicationSlotType], { description: 'Its replication slots; the last that were read, empty before.' })
  get replicationSlots(): readonly ReplicationSlot[] {
    return this.#node.slots
  }

  @Field(() => EligibilityType, {
    description: 'Whether it may take over in a planned switchover now, and if not, every reason.',
  })
  get switchoverEligibility(): Eligibility {
    return assessSwitchover(this.#cluster.snapshot, this.#node.name)
  }

  @Field(() => ServiceType, { nullable: true, description: 'Its container. Null when it cannot be seen.' })
  get service(): ServiceType | null {
    const { name, snapshot } = this.#cluster
    const service = snapshot.services.find((each) => each.name === this.#node.service?.name)
    return service === undefined ? null : new ServiceType(name, service)
  }
}
