import type { FirstSeen } from '../domain/health/first-seen.ts'
import type { IssueEvent, IssueUpdate, OpenIssue } from '../domain/health/issue-events.ts'

/** The issues of one cluster that are open, as they were written. */
export interface OpenIssues {
  readonly issues: readonly OpenIssue[]
  /** Raised by each write. */
  readonly revision: string
}

/** The open issues of every cluster and the feed of what became of them, in Redis. Every call throws LogUnavailableError while Redis is away. */
export interface IssueStore {
  read(cluster: string): Promise<OpenIssues>
  /**
   * Tells what this process sees, and answers what each one does that told it lately, this one included. What is not told again
   * is forgotten: at once where a process no longer sees it, and after a minute where the process has ended.
   */
  tellSights(cluster: string, token: string, sights: FirstSeen): Promise<readonly FirstSeen[]>
  /** Takes the lease of a cluster's only writer, or renews it; false while another process holds it. */
  takeLease(cluster: string, token: string): Promise<boolean>
  releaseLease(cluster: string, token: string): Promise<void>
  /**
   * Writes all or nothing; `token` null: what is no observation, and needs no lease. LOST: the lease has run out and another process may write. STALE: something was written since that
   * revision, perhaps by the same call, whose answer was lost. Read again, and compare.
   */
  record(
    cluster: string,
    token: string | null,
    revision: string,
    updates: readonly IssueUpdate[],
  ): Promise<RecordOutcome>
}

export type RecordOutcome = 'OK' | 'LOST' | 'STALE'

/** A subscriber of the feed of issues: replays from a cursor, follows live. */
export interface IssueFeed {
  /** Begins to read; subscribers wait until Redis is there. */
  start(): void
  stop(): Promise<void>
  /** The cursor of the newest event that this process has read. */
  position(): string
  /** Those that pass after the cursor (from now without one), live and without end. Throws CursorExpiredError. */
  follow(passes: (event: IssueEvent) => boolean, after: string | null): AsyncIterableIterator<IssueEvent>
}
