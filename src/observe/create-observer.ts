import type { BarmanReader } from '../clients/barman/barman-reader.ts'
import { containerOf } from '../clients/docker/container-address.ts'
import type { DockerClient } from '../clients/docker/docker-client.ts'
import type { EtcdClient } from '../clients/etcd/etcd-client.ts'
import type { HaproxyClient } from '../clients/haproxy/haproxy-client.ts'
import type { HostSockets } from '../clients/host/host-sockets.ts'
import type { PatroniClient } from '../clients/patroni/patroni-client.ts'
import type { PostgresClient } from '../clients/postgres/postgres-client.ts'
import type { ClusterSnapshot } from '../domain/cluster/cluster.ts'
import type { ClusterLayout } from '../domain/cluster/cluster-layout.ts'
import { ClusterView } from '../domain/cluster/cluster-view.ts'
import type { LogLine } from '../domain/cluster/log-line.ts'
import { SnapshotPart } from '../domain/cluster/snapshot-part.ts'
import { NotFoundError, UnreachableError } from '../domain/errors.ts'
import type { RowEstimates } from '../domain/recovery/row-estimates.ts'
import type { WalSegment } from '../domain/wal/wal-catalogue.ts'
import type { Clock } from '../shared/clock.ts'
import { awaitFirstLooks, type FirstLooks } from './await-first-looks.ts'
import { DEFAULT_INTERVALS, type ObserverIntervals } from './intervals.ts'
import { observeBarman } from './observe-barman.ts'
import { observeEtcdMember } from './observe-etcd.ts'
import { observeHaproxy } from './observe-haproxy.ts'
import { observeHostPorts } from './observe-host-ports.ts'
import { observeNode } from './observe-nodes.ts'
import { observeServices } from './observe-services.ts'
import { observeTopology } from './observe-topology.ts'
import { createServiceBoard } from './service-board.ts'
import { createSnapshotStore, type SnapshotListener } from './snapshot-store.ts'

/** One cluster as it is, kept up to date by watching it. It changes nothing in it. */
export interface Observer {
  start(): void
  /** Leaves no timer, no socket and no process behind. A stopped observer is not started again. */
  stop(): Promise<void>
  /** The newest snapshot; costs nothing. */
  current(): ClusterSnapshot
  /** Resolves when every source has been asked once, whether it answered or not, or after `patienceMs`. */
  ready(patienceMs: number): Promise<FirstLooks>
  /** After every change. Returns the way to stop listening; so do the others. */
  onChange(listener: SnapshotListener): () => void
  /** When roles, states, the leader, timelines, pause, the schedule, the members or who can be seen have changed. */
  onTopologyChange(listener: SnapshotListener): () => void
  /** Each WAL segment as it enters Barman's catalogue. */
  onWalArchived(listener: WalListener): () => void
  /** What the leader's PostgreSQL estimates of its tables, asked now. Throws UnreachableError, LoginRefusedError. */
  readRowEstimates(): Promise<RowEstimates>
  /** The last lines of a service's log. Throws NotFoundError, UnreachableError. */
  logs(service: string, tail: number | null, since: Date | null): Promise<readonly LogLine[]>
  /** The same, and what is written from then on, until the signal is aborted or the container ends. */
  streamLogs(service: string, tail: number | null, since: Date | null, signal: AbortSignal): AsyncIterable<LogLine>
  /** Ask again now; they resolve when the snapshot has the answer, or the reason why there is none. */
  refreshBackups(server: string): Promise<void>
  refreshChecks(server: string): Promise<void>
  refreshWal(server: string): Promise<void>
  refreshNode(name: string): Promise<void>
  /** All that these parts are made of, wherever it comes from. */
  refresh(parts: readonly SnapshotPart[]): Promise<void>
}

export type WalListener = (segment: WalSegment, server: string) => void

export interface ObserverDeps {
  readonly layout: ClusterLayout
  readonly clock: Clock
  readonly etcd: EtcdClient
  readonly patroni: PatroniClient
  readonly haproxy: HaproxyClient
  /** Null where the host is not looked at. */
  readonly hostSockets: HostSockets | null
  /** By node, by Docker endpoint, and by backup server. The observer closes what it was given. */
  readonly postgres: ReadonlyMap<string, PostgresClient>
  readonly docker: ReadonlyMap<string, DockerClient>
  readonly barman: ReadonlyMap<string, BarmanReader>
  /** Milliseconds. */
  readonly intervals?: Partial<ObserverIntervals>
}

export function createObserver(deps: ObserverDeps): Observer {
  const { layout, clock, etcd, patroni, haproxy } = deps
  const intervals: ObserverIntervals = { ...DEFAULT_INTERVALS, ...deps.intervals }
  const store = createSnapshotStore({ layout, clock })
  const walListeners = new Set<WalListener>()

  const nodes = new Map(
    layout.nodes.map((node) => {
      const source = observeNode({
        node,
        store,
        patroni,
        postgres: must(deps.postgres, node.name, 'PostgreSQL node'),
        clock,
        patroniIntervalMs: intervals.patroni,
        postgresIntervalMs: intervals.postgres,
        databaseSizeIntervalMs: intervals.databaseSize,
        loginIntervalMs: intervals.login,
      })
      return [node.name, source]
    }),
  )
  const servers = new Map(
    layout.backupServers.map(({ name: server }) => {
      const onSegment = (segment: WalSegment) => {
        for (const listener of walListeners) listener(segment, server)
      }
      const reader = must(deps.barman, server, 'backup server')
      return [server, observeBarman({ server, store, reader, clock, intervals: intervals.barman, onSegment })]
    }),
  )
  const board = createServiceBoard({ services: layout.services, store, clock })
  const engines = [...new Set(layout.services.map(({ docker }) => docker))].map((endpoint) =>
    observeServices({
      services: layout.services.filter(({ docker }) => docker === endpoint),
      docker: must(deps.docker, endpoint, 'Docker endpoint'),
      clock,
      usageIntervalMs: intervals.usage,
      inspectIntervalMs: intervals.inspect,
      board,
      // A container that was stopped or started: its node is worth a look now.
      onServiceEvent: (service) => {
        const node = layout.nodes.find((candidate) => candidate.service === service)
        if (node !== undefined) void nodes.get(node.name)?.now()
      },
    }),
  )
  const topology = observeTopology({
    layout,
    store,
    etcd,
    patroni,
    clock,
    fallbackIntervalMs: intervals.topologyFallback,
  })
  const members = layout.etcd.map(({ name }) => {
    return observeEtcdMember({ name, store, etcd, clock, intervalMs: intervals.etcd })
  })
  const proxy = observeHaproxy({ store, haproxy, clock, intervalMs: intervals.haproxy })
  const { hostSockets } = deps
  const host =
    hostSockets === null
      ? []
      : [observeHostPorts({ store, sockets: hostSockets, clock, intervalMs: intervals.hostPorts })]
  const sources = [topology, proxy, ...host, ...members, ...nodes.values(), ...servers.values(), ...engines]

  const whereIs = (name: string) => {
    const service = layout.services.find((candidate) => candidate.name === name)
    if (service === undefined) throw new NotFoundError(`no service "${name}" is configured`)
    return { docker: must(deps.docker, service.docker, 'Docker endpoint'), container: containerOf(service) }
  }

  const all = <T>(of: Iterable<T>, look: (each: T) => Promise<void>) => Promise.all([...of].map(look))
  const looks: Readonly<Record<SnapshotPart, () => Promise<unknown>>> = {
    [SnapshotPart.NODES]: () => all([topology, proxy, ...nodes.values()], (source) => source.now()),
    [SnapshotPart.SERVICES]: () => all([...members, ...engines, ...host], (source) => source.now()),
    [SnapshotPart.BACKUPS]: () => all(servers.values(), (server) => server.refreshBackups()),
    [SnapshotPart.WAL]: () => all(servers.values(), (server) => server.refreshWal()),
    [SnapshotPart.CHECKS]: () => all(servers.values(), (server) => server.refreshChecks()),
  }

  return {
    start: () => {
      for (const source of sources) source.start()
    },
    stop: async () => {
      await Promise.all(sources.map((source) => source.stop()))
      etcd.close()
    },
    current: () => store.current(),
    ready: (patienceMs) =>
      awaitFirstLooks(
        sources.flatMap(({ firstLooks }) => firstLooks),
        patienceMs,
        clock,
      ),
    onChange: (listener) => store.onChange(listener),
    onTopologyChange: (listener) => store.onTopologyChange(listener),
    onWalArchived: (listener) => {
      const own: WalListener = (segment, server) => listener(segment, server)
      walListeners.add(own)
      return () => walListeners.delete(own)
    },
    readRowEstimates: async () => {
      const leader = ClusterView.of(store.current()).leader
      if (leader === null) throw new UnreachableError(`the leader of ${layout.name}`, 'no node leads')
      return must(deps.postgres, leader.name, 'PostgreSQL node').readRowEstimates()
    },
    logs: async (service, tail, since) => {
      const { docker, container } = whereIs(service)
      return docker.logs(container, { tail, since })
    },
    streamLogs: (service, tail, since, signal) => {
      const { docker, container } = whereIs(service)
      return docker.followLogs(container, { tail, since }, signal)
    },
    refreshBackups: async (server) => must(servers, server, 'backup server').refreshBackups(),
    refreshChecks: async (server) => must(servers, server, 'backup server').refreshChecks(),
    refreshWal: async (server) => must(servers, server, 'backup server').refreshWal(),
    refreshNode: async (name) => must(nodes, name, 'node').now(),
    refresh: async (parts) => {
      await Promise.all(parts.map((part) => looks[part]()))
    },
  }
}

function must<T>(things: ReadonlyMap<string, T>, name: string, what: string): T {
  const thing = things.get(name)
  if (thing === undefined) throw new NotFoundError(`no ${what} "${name}" is configured`)
  return thing
}
