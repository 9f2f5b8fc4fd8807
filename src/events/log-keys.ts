/** Names of the log's keys in Redis, apart from BullMQ's own ("bull:..."). */
export interface LogKeys {
  /** Every event of every operation, in order: the feed. */
  readonly feed: string
  /** Ids of all operations, by the time of their request. */
  readonly all: string
  /** Ids of those that wait or run. */
  readonly active: string
  /** Ids of proposals that wait for a decision. */
  readonly proposed: string
  /** What is claimed, and by which operations. */
  readonly claims: string
  record(operationId: string): string
  events(operationId: string): string
  idempotency(key: string): string
  recovery(recoveryId: string): string
  /** Ids of a cluster's recoveries, by the time of their start. */
  recoveries(cluster: string): string
  /** When a worker last said that it is there. */
  readonly workers: string
  /** The id of each recovery that was written, in order. */
  readonly recoveryChanges: string
  /** A cluster's open issues, by id. */
  issues(cluster: string): string
  /** How often they were written. */
  issueRevision(cluster: string): string
  /** The token of the process that writes them. */
  issueWriter(cluster: string): string
  /** Since when each process has seen which issues, by its token. */
  issueSights(cluster: string): string
  /** A cluster's schedules, by name. */
  schedules(cluster: string): string
  /** What became of every issue of every cluster, in order. */
  readonly issueFeed: string
}

export function logKeys(prefix: string): LogKeys {
  return {
    feed: `${prefix}:feed`,
    all: `${prefix}:operations`,
    active: `${prefix}:active`,
    proposed: `${prefix}:proposed`,
    claims: `${prefix}:claims`,
    record: (operationId) => `${prefix}:operation:${operationId}`,
    events: (operationId) => `${prefix}:operation:${operationId}:events`,
    idempotency: (key) => `${prefix}:idempotency:${key}`,
    recovery: (recoveryId) => `${prefix}:recovery:${recoveryId}`,
    recoveries: (cluster) => `${prefix}:recoveries:${cluster}`,
    workers: `${prefix}:workers`,
    recoveryChanges: `${prefix}:recovery-changes`,
    issues: (cluster) => `${prefix}:issues:${cluster}`,
    issueRevision: (cluster) => `${prefix}:issue-revision:${cluster}`,
    issueWriter: (cluster) => `${prefix}:issue-writer:${cluster}`,
    issueSights: (cluster) => `${prefix}:issue-sights:${cluster}`,
    schedules: (cluster) => `${prefix}:schedules:${cluster}`,
    issueFeed: `${prefix}:issue-feed`,
  }
}
