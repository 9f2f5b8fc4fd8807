import type { ClusterSnapshot } from '../domain/cluster/cluster.ts'
import { assessHealth, type Health } from '../domain/health/health.ts'
import type { ApiDependencies } from './request-context.ts'

/** Everything that is wrong with a cluster now, and with what Howdah does for it. */
export function healthNow(
  { workers, scheduleBook, now }: Pick<ApiDependencies, 'workers' | 'scheduleBook' | 'now'>,
  snapshot: ClusterSnapshot,
): Health {
  return assessHealth(snapshot, now(), { workers: workers.current(), schedules: scheduleBook.current(snapshot.name) })
}
