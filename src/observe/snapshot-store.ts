import type { BackupServerSnapshot } from '../domain/backup/backup-server.ts'
import type { ClusterSnapshot, EtcdMemberSnapshot, NodeSnapshot } from '../domain/cluster/cluster.ts'
import type { ClusterLayout } from '../domain/cluster/cluster-layout.ts'
import { NOT_YET_OBSERVED } from '../domain/observed.ts'
import type { Clock } from '../shared/clock.ts'
import { topologySignature } from './topology-signature.ts'

export type SnapshotListener = (snapshot: ClusterSnapshot) => void
type Part<T> = (part: T) => T

/** Holds the newest snapshot. A change makes a new one and swaps it in; a reader that holds an older one keeps that. */
export interface SnapshotStore {
  current(): ClusterSnapshot
  update(change: Part<ClusterSnapshot>): void
  updateNode(name: string, change: Part<NodeSnapshot>): void
  updateEtcdMember(name: string, change: Part<EtcdMemberSnapshot>): void
  updateBackupServer(name: string, change: Part<BackupServerSnapshot>): void
  /** After every swap. Returns the way to stop listening. */
  onChange(listener: SnapshotListener): () => void
  /** After a swap that changes who is what in the cluster, and not merely how far it is. */
  onTopologyChange(listener: SnapshotListener): () => void
}

export function createSnapshotStore(deps: { layout: ClusterLayout; clock: Clock }): SnapshotStore {
  const { layout, clock } = deps
  const changeListeners = new Set<SnapshotListener>()
  const topologyListeners = new Set<SnapshotListener>()
  let snapshot = emptySnapshot(layout, clock.now())
  let signature = topologySignature(snapshot)

  const update = (change: Part<ClusterSnapshot>) => {
    const before = snapshot
    snapshot = { ...change(before), checkedAt: clock.now() }
    for (const listener of changeListeners) listener(snapshot)
    if (snapshot.topology === before.topology && snapshot.nodes === before.nodes) return
    const next = topologySignature(snapshot)
    if (next === signature) return
    signature = next
    for (const listener of topologyListeners) listener(snapshot)
  }

  return {
    current: () => snapshot,
    update,
    updateNode: (name, change) => update((whole) => ({ ...whole, nodes: changed(whole.nodes, name, change) })),
    updateEtcdMember: (name, change) => update((whole) => ({ ...whole, etcd: changed(whole.etcd, name, change) })),
    updateBackupServer: (name, change) =>
      update((whole) => ({ ...whole, backupServers: changed(whole.backupServers, name, change) })),
    onChange: (listener) => listen(changeListeners, listener),
    onTopologyChange: (listener) => listen(topologyListeners, listener),
  }
}

function changed<T extends { readonly name: string }>(
  parts: readonly T[],
  name: string,
  change: Part<T>,
): readonly T[] {
  return parts.map((part) => (part.name === name ? change(part) : part))
}

function listen(listeners: Set<SnapshotListener>, listener: SnapshotListener): () => void {
  // Each call is a subscription of its own, even with a function that listens already.
  const own: SnapshotListener = (snapshot) => listener(snapshot)
  listeners.add(own)
  return () => listeners.delete(own)
}

function emptySnapshot(layout: ClusterLayout, now: Date): ClusterSnapshot {
  return {
    name: layout.name,
    checkedAt: now,
    topology: NOT_YET_OBSERVED,
    nodes: layout.nodes.map(({ name, host, port, apiUrl, service }) => ({
      name,
      host,
      port,
      apiUrl,
      service,
      patroni: NOT_YET_OBSERVED,
      postgres: NOT_YET_OBSERVED,
      loginRefusal: null,
    })),
    etcd: layout.etcd.map(({ name, clientUrl }) => ({ name, clientUrl, status: NOT_YET_OBSERVED })),
    haproxy: NOT_YET_OBSERVED,
    haproxyStatsUrl: layout.haproxy.statsUrl,
    readMaxLagBytes: layout.haproxy.readMaxLagBytes,
    services: layout.services.map(({ name, docker }) => ({ name, docker, status: NOT_YET_OBSERVED })),
    hostPorts: layout.hostSockets === null ? null : { docker: layout.hostSockets.docker, listening: NOT_YET_OBSERVED },
    backupServers: layout.backupServers.map(({ name }) => ({
      cluster: layout.name,
      name,
      configuration: NOT_YET_OBSERVED,
      checks: NOT_YET_OBSERVED,
      backups: NOT_YET_OBSERVED,
      wal: NOT_YET_OBSERVED,
      incoming: NOT_YET_OBSERVED,
      disk: NOT_YET_OBSERVED,
    })),
  }
}
