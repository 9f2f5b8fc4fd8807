import type { ClusterSnapshot } from '../domain/cluster/cluster.ts'
import { messageOf } from '../domain/errors.ts'
import { healthContext } from '../domain/health/health.ts'
import { type IssueRecorder, startIssueRecorder } from '../events/issue-recorder.ts'
import type { IssueStore } from '../events/issue-store.ts'
import type { ScheduleBook } from '../events/schedules/schedule-book.ts'
import type { PresenceWatch } from '../events/worker-presence.ts'
import { systemClock } from '../shared/clock.ts'
import type { Logger } from '../shared/logger.ts'

export interface RecordedCluster {
  readonly current: () => ClusterSnapshot
  /** Resolves when it was looked at once, or enough was waited for that. */
  readonly ready: Promise<unknown>
}

/** The issues of every cluster, by its name: API and worker record them alike, and one of them writes. */
export function recordIssues({
  clusters,
  store,
  workers,
  scheduleBook,
  logger,
}: {
  readonly clusters: ReadonlyMap<string, RecordedCluster>
  readonly store: IssueStore
  readonly workers: Pick<PresenceWatch, 'current'>
  readonly scheduleBook: Pick<ScheduleBook, 'current'>
  readonly logger: Logger
}): ReadonlyMap<string, IssueRecorder> {
  return new Map(
    [...clusters].map(([cluster, { current, ready }]) => [
      cluster,
      startIssueRecorder({
        cluster,
        current: () =>
          healthContext(current(), systemClock.now(), {
            workers: workers.current(),
            schedules: scheduleBook.current(cluster),
          }),
        ready,
        store,
        clock: systemClock,
        onError: (error) => logger.warn({ cluster, error: messageOf(error) }, 'issues'),
      }),
    ]),
  )
}
