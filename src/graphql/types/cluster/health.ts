import { Field, ID, ObjectType } from 'type-graphql'
import { type Health, type HealthIssue, HealthStatus } from '../../../domain/health/health.ts'
import { HEALTH_ISSUE_CODES, type HealthIssueCode } from '../../../domain/health/health-issue-codes.ts'
import { describeCodes, describeEnum } from '../../../operations/describe-enum.ts'
import { DateTime } from '../common/output-scalars.ts'

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

@ObjectType('HealthIssue', {
  description: 'Something that a person should know, and what to do about it.',
  simpleResolvers: true,
})
export class HealthIssueType implements HealthIssue {
  @Field(() => HealthStatus, { description: 'How much it matters. HEALTHY: no fault but a limit of this stack.' })
  severity!: HealthStatus

  @Field(() => HealthIssueCodes, { description: 'What it is, for programs.' })
  code!: HealthIssueCode

  @Field(() => ID, { nullable: true, description: 'Global id of what it is about, for node(id:).' })
  subject!: string | null

  @Field(() => String, { description: 'For people, with names and numbers.' })
  message!: string

  @Field(() => String, { nullable: true, description: 'What to do about it. Null where nothing is known.' })
  remedy!: string | null
}

@ObjectType('Health', {
  description: 'Everything that is wrong with a cluster, derived from the snapshot.',
  simpleResolvers: true,
})
export class HealthType implements Health {
  @Field(() => HealthStatus, { description: 'That of the worst issue; HEALTHY without any.' })
  status!: HealthStatus

  @Field(() => [HealthIssueType], { description: 'The worst first.' })
  issues!: readonly HealthIssue[]

  @Field(() => DateTime, { description: 'When any part of the snapshot was last refreshed.' })
  checkedAt!: Date
}
