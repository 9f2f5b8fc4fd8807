import { hasNoWorker, START_WORKER } from '../operation/worker-presence.ts'
import { formatGlobalId } from '../resource-id.ts'
import { type HealthRule, HealthStatus, type SeenByCode } from './health-issue.ts'

/** Howdah itself: is there a worker to do what is requested. */
export const workerIssues: HealthRule = ({ snapshot, workers, now }) => {
  if (workers === null || !hasNoWorker(workers, now)) return []
  const waits =
    workers.waiting === 0 ? 'What is requested waits until there is one' : `${workers.waiting} operations wait for one`
  const since = workers.seenAt === null ? '' : ` since ${workers.seenAt.toISOString()}`
  return [
    {
      severity: workers.waiting === 0 ? HealthStatus.DEGRADED : HealthStatus.CRITICAL,
      code: 'NO_WORKER',
      subject: formatGlobalId('Cluster', snapshot.name),
      message: `No worker of Howdah runs${since}. ${waits}, and nothing that Howdah does by itself is done.`,
      remedy: START_WORKER,
    },
  ]
}

export const workerSeen: SeenByCode<'NO_WORKER'> = {
  NO_WORKER: (_, { workers }) => workers !== null,
}
