import { Arg, Args, Ctx, ID, Query, Resolver } from 'type-graphql'
import { permissionsOf } from '../admission/permissions.ts'
import { ClusterView } from '../domain/cluster/cluster-view.ts'
import { findNode } from './find-by-id.ts'
import { badUserInput } from './format-error.ts'
import { clusterSnapshot } from './lookup.ts'
import { readId } from './read-id.ts'
import type { ApiContext } from './request-context.ts'
import { ClusterType } from './types/cluster/cluster.ts'
import type { Connection } from './types/common/connection.ts'
import { PageArgs } from './types/common/page-args.ts'
import { NodeType } from './types/common/relay-node.ts'
import { ViewerType } from './types/common/viewer.ts'
import { OperationConnection, OperationFilterInput, OperationType } from './types/operation/operation.ts'
import { operationPage, toFilter } from './types/operation/operation-pages.ts'
import { RecoveryType } from './types/recovery/recovery.ts'

const MAX_IDS = 100

@Resolver()
export class Queries {
  @Query(() => NodeType, {
    nullable: true,
    description: 'Anything by its id. Null when there is none. Errors: INVALID_VALUE for what is no id.',
  })
  node(
    @Arg('id', () => ID, { description: 'As an answer gave it.' }) id: string,
    @Ctx() context: ApiContext,
  ): Promise<NodeType | null> {
    return findNode(context, id)
  }

  @Query(() => [NodeType], {
    nullable: 'items',
    description:
      'The same for several ids, in their order, at most 100: null for what there is not, and, with its error, for what cannot be read.',
  })
  nodes(
    @Arg('ids', () => [ID], { description: 'As answers gave them.' }) ids: readonly string[],
    @Ctx() context: ApiContext,
  ): readonly Promise<NodeType | null>[] {
    if (ids.length > MAX_IDS) throw badUserInput(`There are ${ids.length} ids; one request may have ${MAX_IDS}.`)
    context.memo.spendRows(ids.length)
    // Each by itself: one that cannot be read leaves the others.
    return ids.map((id) => findNode(context, id))
  }

  @Query(() => String, { description: 'Version of Howdah. What may change in which: docs/API.md.' })
  version(@Ctx() { deps }: ApiContext): string {
    return deps.version
  }

  @Query(() => [ClusterType], { description: 'The configured clusters, in configured order.' })
  async clusters(@Ctx() { deps }: ApiContext): Promise<readonly ClusterType[]> {
    const snapshots = await Promise.all([...deps.clusters.keys()].map((name) => clusterSnapshot(deps, name)))
    return snapshots.map((snapshot) => new ClusterType(ClusterView.of(snapshot)))
  }

  @Query(() => ClusterType, {
    nullable: true,
    description:
      'One of them. Null when there is none of that name. Errors: CLUSTER_REQUIRED where several are configured and none is named.',
  })
  async cluster(
    @Arg('name', () => String, {
      nullable: true,
      description: 'Patroni scope; the only one when left out.',
    })
    name: string | null | undefined,
    @Ctx() { deps }: ApiContext,
  ): Promise<ClusterType | null> {
    if (name != null && !deps.clusters.has(name)) return null
    return new ClusterType(ClusterView.of(await clusterSnapshot(deps, name)))
  }

  @Query(() => OperationType, {
    nullable: true,
    description: 'One operation. Null when there is none. Errors: OPERATION_LOG_UNAVAILABLE while Redis is away.',
  })
  async operation(
    @Arg('id', () => ID, { description: 'Its id, with or without "Operation:".' }) id: string,
    @Ctx() { memo }: ApiContext,
  ): Promise<OperationType | null> {
    const record = await memo.operation(readId('Operation', id))
    return record === null ? null : new OperationType(record)
  }

  @Query(() => OperationConnection, {
    nullable: true,
    description: 'Every operation, newest first. Null while Redis is away: OPERATION_LOG_UNAVAILABLE.',
  })
  operations(
    @Args(() => PageArgs) page: PageArgs,
    @Arg('filter', () => OperationFilterInput, { nullable: true, description: 'Narrows them.' })
    filter: OperationFilterInput | null | undefined,
    @Ctx() context: ApiContext,
  ): Promise<Connection<OperationType>> {
    return operationPage(context, page, toFilter(filter))
  }

  @Query(() => String, {
    description:
      'Where the feed of operations stands. Read a state and this in one query: operationFeed(after: this) then misses nothing, and may repeat what the state has already.',
  })
  feedCursor(@Ctx() { deps }: ApiContext): string {
    return deps.feed.position()
  }

  @Query(() => String, {
    description:
      'Where the feed of issues stands. Read the health and this in one query: issueEvents(after: this) then misses nothing, and may repeat what the health has already.',
  })
  issueCursor(@Ctx() { deps }: ApiContext): string {
    return deps.issueFeed.position()
  }

  @Query(() => RecoveryType, {
    nullable: true,
    description: 'One recovery. Null when there is none. Errors: OPERATION_LOG_UNAVAILABLE while Redis is away.',
  })
  async recovery(
    @Arg('id', () => ID, { description: 'Its id, with or without "Recovery:".' }) id: string,
    @Ctx() { deps }: ApiContext,
  ): Promise<RecoveryType | null> {
    const record = await deps.recoveries.get(readId('Recovery', id))
    return record === null ? null : new RecoveryType(record)
  }

  @Query(() => ViewerType, { description: 'Who the token says you are, and what you may do.' })
  viewer(@Ctx() { actor, deps }: ApiContext): ViewerType {
    return { name: actor.name, role: actor.role, permissions: permissionsOf(actor.role, deps.registry) }
  }
}
