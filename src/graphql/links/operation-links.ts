import { Args, Ctx, FieldResolver, Resolver, Root } from 'type-graphql'
import { ClusterView } from '../../domain/cluster/cluster-view.ts'
import { clusterSnapshot } from '../lookup.ts'
import type { ApiContext } from '../request-context.ts'
import { ClusterType } from '../types/cluster/cluster.ts'
import type { Connection } from '../types/common/connection.ts'
import { PageArgs } from '../types/common/page-args.ts'
import { OperationType } from '../types/operation/operation.ts'
import { OperationEventConnection } from '../types/operation/operation-event.ts'
import type { OperationEventType } from '../types/operation/operation-event-base.ts'
import { eventPage } from '../types/operation/operation-pages.ts'

/** Fields of an operation that lead back to types which lead to operations. */
@Resolver(() => OperationType)
export class OperationLinks {
  @FieldResolver(() => ClusterType, { description: 'The cluster that it is done to.' })
  async cluster(@Root() { record }: OperationType, @Ctx() { deps }: ApiContext): Promise<ClusterType> {
    return new ClusterType(ClusterView.of(await clusterSnapshot(deps, record.cluster)))
  }

  @FieldResolver(() => OperationEventConnection, {
    nullable: true,
    description: 'Everything that happened to it, oldest first. Null while Redis is away: OPERATION_LOG_UNAVAILABLE.',
  })
  events(
    @Root() { record }: OperationType,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: ApiContext,
  ): Promise<Connection<OperationEventType>> {
    return eventPage(context, record.id, page)
  }
}
