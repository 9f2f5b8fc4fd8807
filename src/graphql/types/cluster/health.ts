import { Field, ID, ObjectType } from 'type-graphql'
import { type Acknowledgement, holding } from '../../../domain/health/acknowledgement.ts'
import { type Health, type HealthIssue, HealthStatus } from '../../../domain/health/health.ts'
import { HEALTH_ISSUE_CODES, type HealthIssueCode } from '../../../domain/health/health-issue-codes.ts'
import type { OpenIssue } from '../../../domain/health/issue-events.ts'
import type { SuggestedAction } from '../../../domain/suggested-action.ts'
import { describeCodes, describeEnum } from '../../../operations/describe-enum.ts'
import type { ApiDependencies } from '../../request-context.ts'
import { DateTime, Json } from '../common/output-scalars.ts'
import { NodeType } from '../common/relay-node.ts'
import { AcknowledgementType } from './acknowledgement.ts'

describeEnum(HealthStatus, 'HealthStatus', 'How healthy something is.', {
  HEALTHY: 'Nothing is wrong.',
  DEGRADED: 'It serves, and something needs attention.',
  CRITICAL: 'It does not serve, or data is in danger.',
  UNKNOWN: 'Something cannot be seen: never taken for healthy.',
})

const HealthIssueCodes = describeCodes(
  HEALTH_ISSUE_CODES,
  'HealthIssueCode',
  'What an issue is. A code keeps its meaning, and one fact has one code; more may come.',
)

@ObjectType('SuggestedAction', {
  description: 'A remedy as a call: send `input` as it is to `mutation`, with dryRun: true first.',
  simpleResolvers: true,
})
export class SuggestedActionType implements SuggestedAction {
  @Field(() => String, { description: 'Name of the mutation: "startService".' })
  mutation!: SuggestedAction['mutation']

  @Field(() => Json, {
    description:
      'Its input, the cluster included. Never has `confirm`: what destroys data is confirmed by the caller, each time.',
  })
  input!: SuggestedAction['input']

  @Field(() => String, { description: 'For a button: "Start etcd2".' })
  title!: string
}

@ObjectType('HealthIssue', {
  implements: NodeType,
  description: 'Something that a person should know, and what to do about it.',
})
export class HealthIssueType implements NodeType {
  readonly #issue: Omit<OpenIssue, 'cluster'>

  constructor(issue: Omit<OpenIssue, 'cluster'>) {
    this.#issue = issue
  }

  @Field(() => ID, {
    description:
      '"HealthIssue:patroni/NODE_STOPPED/PostgresNode/db2": its cluster, code and subject and, where one subject may have several, which. The same for as long as it lasts, over restarts.',
  })
  get id(): string {
    return this.#issue.id
  }

  @Field(() => HealthStatus, { description: 'How much it matters. HEALTHY: no fault but a limit of this stack.' })
  get severity(): HealthStatus {
    return this.#issue.severity
  }

  @Field(() => HealthIssueCodes, { description: 'What it is, for programs.' })
  get code(): HealthIssueCode {
    return this.#issue.code
  }

  @Field(() => ID, { nullable: true, description: 'Global id of what it is about, for node(id:).' })
  get subject(): string | null {
    return this.#issue.subject
  }

  @Field(() => String, { description: 'For people, with names and numbers.' })
  get message(): string {
    return this.#issue.message
  }

  @Field(() => String, { nullable: true, description: 'What to do about it. Null where nothing is known.' })
  get remedy(): string | null {
    return this.#issue.remedy
  }

  @Field(() => DateTime, {
    description:
      'When it was first seen. Kept in Redis, over restarts; while Redis is away, of an issue that came meanwhile, when this API saw it.',
  })
  get since(): string {
    return this.#issue.since
  }

  @Field(() => SuggestedActionType, {
    nullable: true,
    description: 'The remedy as a call. Null where no operation can help: a worker that is down starts no worker.',
  })
  get action(): SuggestedAction | null {
    return this.#issue.action
  }

  @Field(() => AcknowledgementType, {
    nullable: true,
    description:
      'Who has taken note of it. Null where no person has, or that has run out by now; in an event, as it was then.',
  })
  get acknowledged(): Acknowledgement | null {
    return this.#issue.acknowledged
  }
}

@ObjectType('Health', {
  description: 'Everything that is wrong with a cluster, derived from the snapshot.',
  simpleResolvers: true,
})
export class HealthType {
  @Field(() => HealthStatus, { description: 'That of the worst issue; HEALTHY without any.' })
  status!: HealthStatus

  @Field(() => [HealthIssueType], { description: 'The worst first.' })
  issues!: readonly HealthIssueType[]

  @Field(() => DateTime, { description: 'When any part of the snapshot was last refreshed.' })
  checkedAt!: Date
}

/** With the time since when each issue has been there. */
export function toHealth(deps: Pick<ApiDependencies, 'issues' | 'now'>, cluster: string, health: Health): HealthType {
  const book = deps.issues.get(cluster)
  const written = new Map((book?.open() ?? []).map((issue) => [issue.id, issue]))
  const since = ({ id }: HealthIssue) => book?.since(id) ?? deps.now().toISOString()
  const acknowledged = ({ id }: HealthIssue) => holding(written.get(id)?.acknowledged ?? null, deps.now())
  const issues = health.issues.map(
    (issue) => new HealthIssueType({ ...issue, since: since(issue), acknowledged: acknowledged(issue) }),
  )
  return { status: health.status, issues, checkedAt: health.checkedAt }
}
