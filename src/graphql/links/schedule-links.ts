import { Args, Ctx, FieldResolver, Resolver, Root } from 'type-graphql'
import { ClusterView } from '../../domain/cluster/cluster-view.ts'
import { scheduleOf } from '../../domain/schedule/schedule.ts'
import { clusterSnapshot } from '../lookup.ts'
import type { ApiContext } from '../request-context.ts'
import { scheduleNow } from '../schedules-now.ts'
import { ClusterType } from '../types/cluster/cluster.ts'
import type { Connection } from '../types/common/connection.ts'
import { PageArgs } from '../types/common/page-args.ts'
import { OperationConnection, OperationType } from '../types/operation/operation.ts'
import { operationPage } from '../types/operation/operation-pages.ts'
import { ScheduleType } from '../types/schedule/schedule.ts'

/** Fields of a schedule that lead back to types which lead to schedules. */
@Resolver(() => ScheduleType)
export class ScheduleLinks {
  @FieldResolver(() => ClusterType, { description: 'Its cluster.' })
  async cluster(@Root() { record }: ScheduleType, @Ctx() { deps }: ApiContext): Promise<ClusterType> {
    return new ClusterType(ClusterView.of(await clusterSnapshot(deps, record.schedule.cluster)))
  }

  @FieldResolver(() => OperationConnection, {
    nullable: true,
    description:
      'Its runs, newest first; what was refused is none. Null while Redis is away: OPERATION_LOG_UNAVAILABLE.',
  })
  runs(
    @Root() { record }: ScheduleType,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: ApiContext,
  ): Promise<Connection<OperationType>> {
    const { cluster, name: schedule } = record.schedule
    return operationPage(context, page, { cluster, schedule })
  }
}

@Resolver(() => OperationType)
export class ScheduledOperationLinks {
  @FieldResolver(() => ScheduleType, {
    nullable: true,
    description: 'The schedule whose run this is. Null where it is none, or that schedule is gone.',
  })
  schedule(@Root() { record }: OperationType, @Ctx() { deps }: ApiContext): ScheduleType | null {
    const found = scheduleNow(deps, record.cluster, scheduleOf(record))
    return found === null ? null : new ScheduleType(found)
  }
}
