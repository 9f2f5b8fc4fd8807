import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { messageOf } from '../domain/errors.ts'
import { LogUnavailableError } from '../events/event-errors.ts'
import { countOperations } from '../metrics/count-operations.ts'
import {
  createMetrics,
  type KnownRecoveries,
  type Metrics,
  type MetricsSources,
  processRegistry,
} from '../metrics/create-metrics.ts'
import { damagedBackups, readVerifications } from '../operations/backups/verifications.ts'
import type { OperationRegistry } from '../operations/load-operations.ts'
import { systemClock } from '../shared/clock.ts'
import type { Logger } from '../shared/logger.ts'
import type { Operations } from './open-operations.ts'

/** Of Howdah: from the package that this file is part of, in the image as in the sources. */
export async function readVersion(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version
}

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
  const read = new Map<string, { readonly atMs: number; readonly known: KnownRecoveries }>()
  const readRecoveries: MetricsSources['readRecoveries'] = async (cluster) => {
    const last = read.get(cluster)
    try {
      const all = await recoveries.list(cluster)
      const isFresh = last !== undefined && systemClock.elapsedMs() - last.atMs < FRESH_MS
      if (isFresh) return { ...last.known, recoveries: all }
      const verifications = await readVerifications(log)
      const servers = clusters.get(cluster)?.current().backupServers ?? []
      const damaged = new Map(
        servers.map((server) => [server.name, new Set(damagedBackups(server, verifications).keys())]),
      )
      const known = { recoveries: all, damaged }
      read.set(cluster, { atMs: systemClock.elapsedMs(), known })
      return known
    } catch (error) {
      if (error instanceof LogUnavailableError) return null
      throw error
    }
  }
  const sources = { clusters, workers, scheduleBook, readRecoveries, now: () => new Date() }
  return { ...createMetrics(sources, registry), stop }
}
