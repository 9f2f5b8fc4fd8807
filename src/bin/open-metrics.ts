import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { messageOf } from '../domain/errors.ts'
import { LogUnavailableError } from '../events/event-errors.ts'
import { countOperations } from '../metrics/count-operations.ts'
import { createMetrics, type Metrics, type MetricsSources, processRegistry } from '../metrics/create-metrics.ts'
import { damagedBackups, readVerifications } from '../operations/backups/verifications.ts'
import { systemClock } from '../shared/clock.ts'
import type { Logger } from '../shared/logger.ts'
import type { Operations } from './open-operations.ts'

/** Of Howdah: from the package that this file is part of, in the image as in the sources. */
export async function readVersion(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version
}

/** What `/metrics` of the API tells. The caller stops it. */
export function openMetrics(
  { log, feed, recoveries }: Operations,
  given: Omit<MetricsSources, 'readRecoveries' | 'now'> & { readonly version: string; readonly logger: Logger },
): Metrics & { stop(): void } {
  const { clusters, workers, scheduleBook, version, logger } = given
  const registry = processRegistry(version)
  const stop = countOperations({
    registry,
    feed,
    clock: systemClock,
    onError: (error) => logger.warn({ error: messageOf(error) }, 'metrics: events'),
  })
  const readRecoveries: MetricsSources['readRecoveries'] = async (cluster) => {
    const server = clusters.get(cluster)?.current().backupServers[0]
    try {
      const [all, verifications] = await Promise.all([recoveries.list(cluster), readVerifications(log)])
      const damaged = server === undefined ? [] : damagedBackups(server, verifications).keys()
      return { recoveries: all, damaged: new Set(damaged) }
    } catch (error) {
      if (error instanceof LogUnavailableError) return null
      throw error
    }
  }
  const sources = { clusters, workers, scheduleBook, readRecoveries, now: () => new Date() }
  return { ...createMetrics(sources, registry), stop }
}
