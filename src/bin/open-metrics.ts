import type { Verifications } from '../domain/backup/verification.ts'
import { messageOf } from '../domain/errors.ts'
import { LogUnavailableError } from '../events/event-errors.ts'
import { countOperations } from '../metrics/count-operations.ts'
import { createMetrics, type Metrics, type MetricsSources, processRegistry } from '../metrics/create-metrics.ts'
import { damagedBackups, readVerifications } from '../operations/backups/verifications.ts'
import type { OperationRegistry } from '../operations/load-operations.ts'
import { systemClock } from '../shared/clock.ts'
import type { Logger } from '../shared/logger.ts'
import type { Operations } from './open-operations.ts'

/** How old what is read of the operation log may be: it is long, and scraped four times a minute. */
const FRESH_MS = 60_000

/** What `/metrics` of the API tells. The caller stops it. */
export function openMetrics(
  { log, feed, recoveries }: Operations,
  given: Omit<MetricsSources, 'readRecoveries' | 'now'> & {
    readonly registry: OperationRegistry
    readonly version: string
    readonly logger: Logger
  },
): Metrics & { stop(): void } {
  const { clusters, workers, scheduleBook, version, logger } = given
  const registry = processRegistry(version)
  const stop = countOperations({
    registry,
    feed,
    clock: systemClock,
    clusters: [...clusters.keys()],
    kinds: [...given.registry.keys()],
    onError: (error) => logger.warn({ error: messageOf(error) }, 'metrics: events'),
  })
  let read: { readonly atMs: number; readonly verifications: Verifications } | null = null
  const readVerified = async (): Promise<Verifications> => {
    if (read === null || systemClock.elapsedMs() - read.atMs >= FRESH_MS) {
      read = { verifications: await readVerifications(log), atMs: systemClock.elapsedMs() }
    }
    return read.verifications
  }
  const readRecoveries: MetricsSources['readRecoveries'] = async (cluster) => {
    try {
      const [all, verifications] = await Promise.all([recoveries.list(cluster), readVerified()])
      const servers = clusters.get(cluster)?.current().backupServers ?? []
      const damaged = new Map(
        servers.map((server) => [server.name, new Set(damagedBackups(server, verifications).keys())]),
      )
      return { recoveries: all, damaged }
    } catch (error) {
      if (error instanceof LogUnavailableError) return null
      throw error
    }
  }
  const sources = { clusters, workers, scheduleBook, readRecoveries, now: () => new Date() }
  return { ...createMetrics(sources, registry), stop }
}
