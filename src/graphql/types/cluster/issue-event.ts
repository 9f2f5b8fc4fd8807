import { Ctx, Field, ID, ObjectType } from 'type-graphql'
import { ClusterView } from '../../../domain/cluster/cluster-view.ts'
import { IssueChange, type IssueEvent } from '../../../domain/health/issue-events.ts'
import { describeEnum } from '../../../operations/describe-enum.ts'
import { clusterSnapshot } from '../../lookup.ts'
import type { ApiContext } from '../../request-context.ts'
import { DateTime } from '../common/output-scalars.ts'
import { ClusterType } from './cluster.ts'
import { HealthIssueType } from './health.ts'

describeEnum(IssueChange, 'IssueChange', 'What became of an issue. More may come.', {
  OPENED: 'It is there, and was not before.',
  WORSENED: 'It is there still, and is more severe.',
  EASED: 'It is there still, and is less severe.',
  RESOLVED: 'It is gone, and that was seen.',
  ACKNOWLEDGED: 'A person has taken note of it.',
})

@ObjectType('IssueEvent', {
  description: "What became of an issue of a cluster's health. Source: the feed of issues in Redis.",
})
export class IssueEventType {
  readonly #event: IssueEvent

  constructor(event: IssueEvent) {
    this.#event = event
  }

  @Field(() => ID, { description: '"IssueEvent:1795535926582-0": its cursor.' })
  get id(): string {
    return `IssueEvent:${this.#event.cursor}`
  }

  @Field(() => String, { description: 'Its place in the feed, over all clusters; subscribe again with after: this.' })
  get cursor(): string {
    return this.#event.cursor
  }

  @Field(() => DateTime, { description: 'When it was written.' })
  get at(): string {
    return this.#event.at
  }

  @Field(() => IssueChange, { description: 'What became of it.' })
  get change(): IssueChange {
    return this.#event.change
  }

  @Field(() => HealthIssueType, { description: 'The issue as it was then; of one that is gone, as it was last.' })
  get issue(): HealthIssueType {
    return new HealthIssueType(this.#event.issue)
  }

  @Field(() => ClusterType, { description: 'The cluster, as it is now.' })
  async cluster(@Ctx() { deps }: ApiContext): Promise<ClusterType> {
    return new ClusterType(ClusterView.of(await clusterSnapshot(deps, this.#event.cluster)))
  }

  @Field(() => String, { description: 'For people.' })
  get message(): string {
    return this.#event.message
  }
}
