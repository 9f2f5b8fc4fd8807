import type { Acknowledgement } from './acknowledgement.ts'
import type { FirstSeen } from './first-seen.ts'
import { formatSeconds } from './format.ts'
import { compareSeverity, isKnownGone } from './health.ts'
import type { Health, HealthContext, HealthIssue } from './health-issue.ts'

/** What became of an issue. */
export enum IssueChange {
  OPENED = 'OPENED',
  WORSENED = 'WORSENED',
  EASED = 'EASED',
  RESOLVED = 'RESOLVED',
  ACKNOWLEDGED = 'ACKNOWLEDGED',
}

/** An issue for as long as it lasts, over all restarts. Kept in Redis. */
export interface OpenIssue extends Omit<HealthIssue, 'isPassing'> {
  readonly cluster: string
  /** When it was first seen. ISO 8601, UTC. */
  readonly since: string
  /** It may have run out: see `holding`. */
  readonly acknowledged: Acknowledgement | null
}

/** What is to be written: the issue as it is after the change; of one that is gone, as it was last. */
export interface IssueUpdate {
  readonly change: IssueChange
  readonly issue: OpenIssue
  readonly message: string
}

/** One line of the feed of issues. */
export interface IssueEvent extends IssueUpdate {
  /** Its place in the feed, over all clusters. */
  readonly cursor: string
  /** When it was written. ISO 8601, UTC. */
  readonly at: string
  readonly cluster: string
}

/**
 * What has changed since these were the open issues. One that is not found is gone only where what it rests on is seen
 * now; one whose source this process has not read yet is neither opened nor gone. A new one began when it was first seen
 * by any process, which may be before it could be written.
 */
export function findIssueChanges(
  open: readonly OpenIssue[],
  health: Health,
  context: HealthContext,
  firstSeen: FirstSeen,
): IssueUpdate[] {
  const before = new Map(open.map((issue) => [issue.id, issue]))
  const found = new Map(health.issues.map((issue) => [issue.id, issue]))
  const updates = [...found.values()].flatMap((issue) => {
    const since = firstSeen.get(issue.id) ?? context.now.toISOString()
    return updateOf(before.get(issue.id), issue, context.snapshot.name, since)
  })
  const gone = open.filter((issue) => !found.has(issue.id) && isKnownGone(issue, context))
  return [...updates, ...gone.map((issue) => resolved(issue, context.now))]
}

function updateOf(
  before: OpenIssue | undefined,
  { isPassing, ...issue }: HealthIssue,
  cluster: string,
  since: string,
): IssueUpdate[] {
  if (before === undefined) {
    if (isPassing) return []
    const opened = { ...issue, cluster, since, acknowledged: null }
    return [{ change: IssueChange.OPENED, issue: opened, message: issue.message }]
  }
  const order = compareSeverity(issue.severity, before.severity)
  if (order === 0) return []
  // One that has got worse wants to be looked at again.
  const acknowledged = order < 0 ? null : before.acknowledged
  const changed = { ...issue, cluster, since: before.since, acknowledged }
  const message = `${issue.severity}, was ${before.severity}: ${issue.message}`
  return [{ change: order < 0 ? IssueChange.WORSENED : IssueChange.EASED, issue: changed, message }]
}

function resolved(issue: OpenIssue, now: Date): IssueUpdate {
  const lasted = formatSeconds(Math.max(0, (now.getTime() - Date.parse(issue.since)) / 1000))
  return { change: IssueChange.RESOLVED, issue, message: `No longer so, after ${lasted}: ${issue.message}` }
}

/** A person has taken note of it. */
export function acknowledge(issue: OpenIssue, acknowledged: Acknowledgement): IssueUpdate {
  const { by, until, reason } = acknowledged
  const till = until === null ? '' : ` until ${until}`
  const because = reason === null || reason === '' ? '' : ` (${reason})`
  const message = `Acknowledged by ${by.name}${till}${because}: ${issue.message}`
  return { change: IssueChange.ACKNOWLEDGED, issue: { ...issue, acknowledged }, message }
}
