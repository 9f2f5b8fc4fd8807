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
import { CLUSTER_METRICS, HOWDAH_METRICS, type Metric, type Sample, sample } from './metric-names.ts'
import { issueSamples, recoverySamples, scheduleSamples, workerSamples } from './work-samples.ts'

/** What is read at each scrape. */
export interface MetricsSources {
  /** By name (Patroni scope). */
  readonly clusters: ReadonlyMap<string, { current(): ClusterSnapshot }>
  readonly workers: { current(): WorkerPresence | null }
  readonly scheduleBook: { current(cluster: string): readonly ObservedSchedule[] | null }
  /** Null while Redis is away. */
  readRecoveries(cluster: string): Promise<ReadRecoveries | null>
  now(): Date
}

export interface ReadRecoveries {
  /** Newest first. */
  readonly recoveries: readonly RecoveryRecord[]
  /** By Barman server: ids of backups that are not to be restored. */
  readonly damaged: ReadonlyMap<string, ReadonlySet<string>>
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

/** From the snapshot at each scrape: what is gone leaves no value behind. Scrapes at one time are one. */
export function createMetrics(sources: MetricsSources, registry: Registry): Metrics {
  let running: Promise<string> | null = null
  return {
    contentType: registry.contentType,
    scrape() {
      running ??= tell(sources, registry).finally(() => {
        running = null
      })
      return running
    },
  }
}

async function tell(sources: MetricsSources, registry: Registry): Promise<string> {
  const values = new Registry()
  const gauges = new Map<Metric, Gauge>()
  const set = ({ metric, labels, value }: Sample, cluster: Readonly<Record<string, string>>) => {
    const gauge = gauges.get(metric) ?? openGauge(metric, values)
    gauges.set(metric, gauge)
    gauge.set({ ...cluster, ...labels }, value)
  }
  for (const each of workerSamples(sources.workers.current(), sources.now())) set(each, {})
  for (const [cluster, source] of sources.clusters) {
    for (const each of await samplesOf(sources, cluster, source.current())) set(each, { cluster })
  }
  return Registry.merge([registry, values]).metrics()
}

async function samplesOf(sources: MetricsSources, cluster: string, snapshot: ClusterSnapshot): Promise<Sample[]> {
  const { workers, scheduleBook } = sources
  const now = sources.now()
  const view = ClusterView.of(snapshot)
  const known = await sources.readRecoveries(cluster)
  // As they were when Redis was last there is not as they are.
  const schedules = known === null ? null : scheduleBook.current(cluster)
  const health = assessHealth(snapshot, now, { workers: workers.current(), schedules })
  const damagedOf = (server: string) => (known === null ? null : (known.damaged.get(server) ?? new Set<string>()))
  const damaged = damagedOf(snapshot.backupServers[0]?.name ?? '')
  const proof = { recovery: null }
  const { writes, loss } = summarizeCluster(view, { health, known: { proof, damaged: damaged ?? new Set() }, now })
  return [
    ...clusterSamples(view, writes),
    ...sample('possible_loss_seconds', damaged === null ? null : loss.seconds),
    ...snapshot.backupServers.flatMap((server) =>
      backupSamples(view, server, { damaged: damagedOf(server.name), now }),
    ),
    ...(known === null ? [] : recoverySamples(known.recoveries)),
    ...issueSamples(health),
    ...scheduleSamples(schedules ?? [], now),
  ]
}

function openGauge(metric: Metric, registry: Registry): Gauge {
  const { help, labels } = { ...CLUSTER_METRICS, ...HOWDAH_METRICS }[metric]
  const labelNames = metric in HOWDAH_METRICS ? [...labels] : ['cluster', ...labels]
  return new Gauge({ name: `howdah_${metric}`, help, labelNames, registers: [registry] })
}
