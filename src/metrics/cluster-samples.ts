import type { ClusterSnapshot, NodeSnapshot } from '../domain/cluster/cluster.ts'
import type { ClusterView } from '../domain/cluster/cluster-view.ts'
import { assessEtcd } from '../domain/cluster/etcd-quorum.ts'
import { isReachable, type NodeView } from '../domain/cluster/node-view.ts'
import { isKnownToHaveNoLeader } from '../domain/cluster/without-leader.ts'
import { type Observed, seenNow } from '../domain/observed.ts'
import type { Writes } from '../domain/summary/writes.ts'
import { type Sample, sample } from './metric-names.ts'
import { secondsOf } from './seconds-of.ts'

/** Of the nodes, and of what Howdah reads them from. */
export function clusterSamples(view: ClusterView, writes: Writes): Sample[] {
  const { snapshot, nodes } = view
  const topology = seenNow(snapshot.topology)
  return [
    ...sample('cluster_has_leader', hasLeader(view)),
    ...sample('cluster_writable', writes.writable),
    ...sample('cluster_paused', topology?.paused),
    ...nodes.flatMap(nodeSamples),
    ...snapshot.nodes.flatMap(slotSamples),
    ...sample('etcd_spare_members', isEtcdSeen(snapshot) ? assessEtcd(snapshot.etcd).faultTolerance : null),
    ...archiverSamples(view),
    ...sourcesOf(snapshot).flatMap(([source, observed]) => [
      ...sample('source_up', observed.error === null, { source }),
      ...sample('source_last_seen_timestamp_seconds', secondsOf(observed.at), { source }),
    ]),
  ]
}

function nodeSamples(node: NodeView): Sample[] {
  const { name, lag, role } = node
  return [
    ...sample('node_up', isReachable(node), { node: name }),
    ...sample('node_role', true, { node: name, role: role.toLowerCase() }),
    ...sample('replication_lag_bytes', lag?.receiveBytes, { node: name, kind: 'receive' }),
    ...sample('replication_lag_bytes', lag?.replayBytes, { node: name, kind: 'replay' }),
    ...sample('replication_lag_seconds', lag?.replaySeconds, { node: name }),
  ]
}

/** Made for one copy and gone with it, each under another name. */
const PASSING_SLOT = /^pg_(basebackup_|\d+_sync_)/

function slotSamples({ name, postgres }: NodeSnapshot): Sample[] {
  const lasting = (seenNow(postgres)?.slots ?? []).filter((slot) => !PASSING_SLOT.test(slot.name))
  return lasting.flatMap((slot) => sample('slot_retained_bytes', slot.retainedBytes, { node: name, slot: slot.name }))
}

/** Null where that is not known. */
function hasLeader({ snapshot, nodes, leader }: ClusterView): boolean | null {
  if (leader !== null) return true
  return isKnownToHaveNoLeader(snapshot, nodes) ? false : null
}

const isEtcdSeen = ({ etcd }: ClusterSnapshot) => etcd.every(({ status }) => seenNow(status) !== null)

function archiverSamples({ leader, snapshot }: ClusterView): Sample[] {
  const node = snapshot.nodes.find(({ name }) => name === leader?.name)
  const archiver = node === undefined ? null : (seenNow(node.postgres)?.archiver ?? null)
  return [
    ...sample('wal_pending_segments', archiver?.pendingSegments),
    ...sample('wal_last_archived_timestamp_seconds', secondsOf(archiver?.lastArchivedAt)),
    ...sample('wal_last_failed_timestamp_seconds', secondsOf(archiver?.lastFailedAt)),
  ]
}

function sourcesOf({ topology, haproxy, nodes, etcd, services, backupServers }: ClusterSnapshot) {
  const sources: [string, Observed<unknown>][] = [
    ['dcs', topology],
    ['haproxy', haproxy],
    ...nodes.flatMap(({ name, patroni, postgres }): [string, Observed<unknown>][] => [
      [`patroni/${name}`, patroni],
      [`postgres/${name}`, postgres],
    ]),
    ...etcd.map(({ name, status }): [string, Observed<unknown>] => [`etcd/${name}`, status]),
    ...services.map(({ name, status }): [string, Observed<unknown>] => [`container/${name}`, status]),
    ...backupServers.flatMap(({ name, checks, backups, wal, incoming, disk }): [string, Observed<unknown>][] => [
      [`barman/${name}/checks`, checks],
      [`barman/${name}/backups`, backups],
      [`barman/${name}/wal`, wal],
      [`barman/${name}/incoming`, incoming],
      [`barman/${name}/disk`, disk],
    ]),
  ]
  return sources
}
