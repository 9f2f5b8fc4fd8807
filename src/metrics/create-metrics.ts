import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { ClusterSnapshot } from '../domain/cluster/cluster.ts'
import { ClusterView } from '../domain/cluster/cluster-view.ts'
import { assessHealth } from '../domain/health/health.ts'
import type { WorkerPresence } from '../domain/operation/worker-presence.ts'
import type { RecoveryRecord } from '../domain/recovery/recovery.ts'
import type { ObservedSchedule } from '../domain/schedule/schedule.ts'
import { summarizeCluster } from '../domain/summary/summary.ts'
import { backupSamples } from './backup-samples.ts'
import { clusterSamples } from './cluster-samples.ts'
import { CLUSTER_METRICS, type ClusterMetric, type Sample, sample } from './metric-names.ts'
import { issueSamples, recoverySamples, scheduleSamples, workerSamples } from './work-samples.ts'

/** What is read at each scrape. */
export interface MetricsSources {
  /** By name (Patroni scope). */
  readonly clusters: ReadonlyMap<string, { current(): ClusterSnapshot }>
  readonly workers: { current(): WorkerPresence | null }
  readonly scheduleBook: { current(cluster: string): readonly ObservedSchedule[] | null }
  /** Null while Redis is away. */
  readRecoveries(cluster: string): Promise<KnownRecoveries | null>
  now(): Date
}

export interface KnownRecoveries {
  /** Newest first. */
  readonly recoveries: readonly RecoveryRecord[]
  /** Ids of backups that are not to be restored. */
  readonly damaged: ReadonlySet<string>
}

export interface Metrics {
  /** In the text format of Prometheus. */
  scrape(): Promise<string>
  readonly contentType: string
}

/** Of the library's: named as counters, which they are not. */
const NO_COUNTERS = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total']

/** What `/metrics` says of the process itself: in API and worker alike. */
export function processRegistry(version: string): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  for (const name of NO_COUNTERS) registry.removeSingleMetric(name)
  const build = {
    name: 'howdah_build_info',
    help: 'The version of Howdah: 1.',
    labelNames: ['version'],
    registers: [registry],
  }
  new Gauge(build).set({ version }, 1)
  return registry
}

/** From the snapshot at each scrape: what is gone leaves no value behind. */
export function createMetrics(sources: MetricsSources, registry: Registry): Metrics {
  return {
    contentType: registry.contentType,
    async scrape() {
      const values = new Registry()
      const gauges = new Map<ClusterMetric, Gauge>()
      for (const [cluster, source] of sources.clusters) {
        for (const { metric, labels, value } of await samplesOf(sources, cluster, source.current())) {
          const gauge = gauges.get(metric) ?? openGauge(metric, values)
          gauges.set(metric, gauge)
          gauge.set({ cluster, ...labels }, value)
        }
      }
      return Registry.merge([registry, values]).metrics()
    },
  }
}

async function samplesOf(sources: MetricsSources, cluster: string, snapshot: ClusterSnapshot): Promise<Sample[]> {
  const { workers, scheduleBook } = sources
  const now = sources.now()
  const view = ClusterView.of(snapshot)
  const schedules = scheduleBook.current(cluster)
  const known = await sources.readRecoveries(cluster)
  const damaged = known?.damaged ?? new Set<string>()
  const health = assessHealth(snapshot, now, { workers: workers.current(), schedules })
  const proof = { recovery: null }
  const { writes, loss } = summarizeCluster(view, { health, known: { proof, damaged }, now })
  return [
    ...clusterSamples(view, writes),
    ...sample('possible_loss_seconds', loss.seconds),
    ...snapshot.backupServers.flatMap((server) => backupSamples(view, server, { damaged, now })),
    ...(known === null ? [] : recoverySamples(known.recoveries)),
    ...workerSamples(workers.current(), now),
    ...issueSamples(health),
    ...scheduleSamples(schedules ?? [], now),
  ]
}

function openGauge(metric: ClusterMetric, registry: Registry): Gauge {
  const { help, labels } = CLUSTER_METRICS[metric]
  return new Gauge({ name: `howdah_${metric}`, help, labelNames: ['cluster', ...labels], registers: [registry] })
}
