import { Arg, Args, Ctx, Field, ID, Int, ObjectType } from 'type-graphql'
import type { Topology } from '../../../domain/cluster/cluster.ts'
import type { ClusterView } from '../../../domain/cluster/cluster-view.ts'
import { formatGlobalId } from '../../../domain/resource-id.ts'
import type { TimelineSwitch } from '../../../domain/wal/timeline.ts'
import { healthNow } from '../../health-now.ts'
import type { ApiContext } from '../../request-context.ts'
import { schedulesNow } from '../../schedules-now.ts'
import { BackupServerType } from '../backup/backup-server.ts'
import type { Connection } from '../common/connection.ts'
import { Json } from '../common/output-scalars.ts'
import { PageArgs } from '../common/page-args.ts'
import { NodeType } from '../common/relay-node.ts'
import { OperationConnection, OperationFilterInput, type OperationType } from '../operation/operation.ts'
import { operationPage, toFilter } from '../operation/operation-pages.ts'
import { RecoveryConnection, type RecoveryType } from '../recovery/recovery.ts'
import { RecoveryFilter } from '../recovery/recovery-filter.ts'
import { recoveryPage } from '../recovery/recovery-pages.ts'
import { ScheduleType } from '../schedule/schedule.ts'
import { ClusterSummaryType, toSummary } from './cluster-summary.ts'
import { EtcdClusterType } from './etcd.ts'
import { HaproxyType } from './haproxy.ts'
import { HealthType, toHealth } from './health.ts'
import { PostgresNodeType } from './postgres-node.ts'
import { ServiceType } from './service.ts'
import { ScheduledSwitchoverType, TimelineSwitchType } from './timeline.ts'

@ObjectType('Cluster', {
  implements: NodeType,
  description:
    'A highly available PostgreSQL cluster and all that belongs to it, as of the newest snapshot. What cannot be seen now keeps its last value; health says so.',
})
export class ClusterType implements NodeType {
  readonly #view: ClusterView

  constructor(view: ClusterView) {
    this.#view = view
  }

  @Field(() => ID, { description: '"Cluster:patroni".' })
  get id(): string {
    return formatGlobalId('Cluster', this.#view.name)
  }

  @Field(() => String, { description: 'Patroni scope.' })
  get name(): string {
    return this.#view.name
  }

  @Field(() => String, {
    nullable: true,
    description: "PostgreSQL's system identifier, a number of 64 bits. Source: Patroni's `initialize` key.",
  })
  get systemIdentifier(): string | null {
    return this.#topology?.systemIdentifier ?? null
  }

  @Field(() => String, {
    nullable: true,
    description: 'Version of PostgreSQL on the leader; without one, on any node.',
  })
  get postgresVersion(): string | null {
    const { leader, nodes } = this.#view
    return leader?.postgresVersion ?? nodes.find((node) => node.postgresVersion !== null)?.postgresVersion ?? null
  }

  @Field(() => HealthType, { description: 'What is wrong, and what to do about it.' })
  health(@Ctx() { deps }: ApiContext): HealthType {
    return toHealth(deps, this.#view.name, healthNow(deps, this.#view.snapshot))
  }

  @Field(() => ClusterSummaryType, { description: 'What decides at three in the morning, in three sentences.' })
  summary(@Ctx() context: ApiContext): Promise<ClusterSummaryType> {
    return toSummary(context, this.#view)
  }

  @Field(() => [ScheduleType], {
    description: 'What is requested again and again, by name; while Redis is away, as it was last read.',
  })
  schedules(@Ctx() { deps, memo }: ApiContext): readonly ScheduleType[] {
    const schedules = schedulesNow(deps, this.#view.name)
    memo.spendRows(schedules.length)
    return schedules.map((each) => new ScheduleType(each))
  }

  @Field(() => Boolean, {
    description: "Whether Patroni's automatic failover is paused. Source: its dynamic configuration.",
  })
  get paused(): boolean {
    return this.#topology?.paused ?? false
  }

  @Field(() => PostgresNodeType, {
    nullable: true,
    description: 'The node that holds the leader key. Null when none does, or when unknown.',
  })
  get leader(): PostgresNodeType | null {
    const { leader } = this.#view
    return leader === null ? null : new PostgresNodeType(this.#view, leader)
  }

  @Field(() => [PostgresNodeType], { description: 'The configured nodes, seen or not, in configured order.' })
  get nodes(): readonly PostgresNodeType[] {
    return this.#view.nodes.map((node) => new PostgresNodeType(this.#view, node))
  }

  @Field(() => Int, { nullable: true, description: 'That of the leader; without one the highest that a node is on.' })
  get timeline(): number | null {
    return this.#view.timeline
  }

  @Field(() => [TimelineSwitchType], { description: 'How the timelines followed each other, oldest first.' })
  get timelineHistory(): readonly TimelineSwitch[] {
    return this.#topology?.timelineHistory ?? []
  }

  @Field(() => ScheduledSwitchoverType, {
    nullable: true,
    description: 'The switchover that Patroni will do. Null when none is scheduled.',
  })
  get scheduledSwitchover(): Topology['scheduledSwitchover'] {
    return this.#topology?.scheduledSwitchover ?? null
  }

  @Field(() => Json, { description: "Patroni's dynamic configuration, as it stands; {} before it was read." })
  get configuration(): Topology['configuration'] {
    return this.#topology?.configuration ?? {}
  }

  @Field(() => EtcdClusterType, { description: "The etcd cluster that holds Patroni's keys." })
  get etcd(): EtcdClusterType {
    return new EtcdClusterType(this.#view.name, this.#view.snapshot.etcd)
  }

  @Field(() => HaproxyType, { description: 'The proxy that leads clients to the leader and to replicas.' })
  get haproxy(): HaproxyType {
    const { haproxyStatsUrl: statsUrl, haproxy } = this.#view.snapshot
    return { statsUrl, backends: haproxy.value ?? [] }
  }

  @Field(() => [BackupServerType], { description: "Barman's servers for this cluster, in configured order." })
  get backupServers(): readonly BackupServerType[] {
    return this.#view.snapshot.backupServers.map((server) => new BackupServerType(this.#view, server))
  }

  @Field(() => BackupServerType, { nullable: true, description: 'One of them. Null when there is none of that name.' })
  backupServer(
    @Arg('name', () => String, {
      nullable: true,
      description: "Its name; the cluster's own (its first) when left out.",
    })
    name: string | null | undefined,
  ): BackupServerType | null {
    const { backupServers } = this.#view.snapshot
    const server = name == null ? backupServers[0] : backupServers.find((each) => each.name === name)
    return server === undefined ? null : new BackupServerType(this.#view, server)
  }

  @Field(() => [ServiceType], { description: "The stack's containers, configured ones that do not exist included." })
  get services(): readonly ServiceType[] {
    return this.#view.snapshot.services.map((service) => new ServiceType(this.#view.name, service))
  }

  @Field(() => ServiceType, { nullable: true, description: 'One of them. Null when there is none of that name.' })
  service(
    @Arg('name', () => String, { description: 'Its name in the compose file.' }) name: string,
  ): ServiceType | null {
    const service = this.#view.snapshot.services.find((each) => each.name === name)
    return service === undefined ? null : new ServiceType(this.#view.name, service)
  }

  @Field(() => RecoveryConnection, {
    nullable: true,
    description: 'Its recoveries, newest first. Null while Redis is away: OPERATION_LOG_UNAVAILABLE.',
  })
  recoveries(
    @Args(() => PageArgs) page: PageArgs,
    @Arg('filter', () => RecoveryFilter, { nullable: true, description: 'Narrows them.' })
    filter: RecoveryFilter | null | undefined,
    @Ctx() context: ApiContext,
  ): Promise<Connection<RecoveryType>> {
    return recoveryPage(context, page, filter, this.#view.name)
  }

  @Field(() => OperationConnection, {
    nullable: true,
    description: 'Its operations, newest first. Null while Redis is away: OPERATION_LOG_UNAVAILABLE.',
  })
  operations(
    @Args(() => PageArgs) page: PageArgs,
    @Arg('filter', () => OperationFilterInput, { nullable: true, description: 'Narrows them.' })
    filter: OperationFilterInput | null | undefined,
    @Ctx() context: ApiContext,
  ): Promise<Connection<OperationType>> {
    return operationPage(context, page, { ...toFilter(filter), cluster: this.#view.name })
  }

  get #topology(): Topology | null {
    return this.#view.snapshot.topology.value
  }
}
