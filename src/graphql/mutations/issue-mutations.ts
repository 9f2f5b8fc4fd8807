import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql'
import { acknowledgeIssue } from '../../admission/acknowledge-issue.ts'
import type { GivenTime } from '../../domain/timestamp.ts'
import { DateTime } from '../../operations/time-and-lsn-scalars.ts'
import { healthNow } from '../health-now.ts'
import { clusterSnapshot } from '../lookup.ts'
import { readTime } from '../read-time.ts'
import type { ApiContext } from '../request-context.ts'
import { HealthType, toHealth } from '../types/cluster/health.ts'

/** Mutations on the issues of a cluster's health. */
@Resolver()
export class IssueMutations {
  @Mutation(() => HealthType, {
    description:
      'Takes note of an open issue. It holds until the issue is resolved or gets worse, or until a time; its severity stays what it is. Another one takes the place of the one before. Role OPERATOR. Errors: NOT_FOUND where no such issue is open.',
  })
  async acknowledgeIssue(
    @Arg('id', () => ID, { description: 'Its global id: "HealthIssue:patroni/NODE_STOPPED/PostgresNode/db2".' })
    id: string,
    @Arg('until', () => DateTime, {
      nullable: true,
      description: 'Until when it holds; left out: as long as the issue lasts.',
    })
    until: GivenTime | null | undefined,
    @Arg('reason', () => String, { nullable: true, description: 'Why; kept with it. At most 500 characters.' })
    reason: string | null | undefined,
    @Ctx() { actor, deps }: ApiContext,
  ): Promise<HealthType> {
    const { cluster } = await acknowledgeIssue(deps, {
      id,
      until: readTime('until', until),
      reason: reason ?? null,
      actor,
    })
    const snapshot = await clusterSnapshot(deps, cluster)
    return toHealth(deps, cluster, healthNow(deps, snapshot))
  }
}
