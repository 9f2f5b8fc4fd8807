import { seenNow } from '../observed.ts'
import type { Lsn } from '../wal/lsn.ts'
import type { ClusterSnapshot } from './cluster.ts'
import { isInRecovery } from './in-recovery.ts'
import { NodeRole, NodeState } from './node.ts'
import { isReachable, type NodeView, viewNodes } from './node-view.ts'
import { type Eligibility, tagReasons } from './switchover-eligibility.ts'

/** Whether a node may be promoted although nothing can be agreed with the leader, and every reason against it. */
export function assessFailover(snapshot: ClusterSnapshot, nodeName: string): Eligibility {
  const node = viewNodes(snapshot).find((each) => each.name === nodeName)
  if (node === undefined) return verdict([`${nodeName} is not a configured node of ${snapshot.name}.`])
  const topology = seenNow(snapshot.topology)
  if (topology === null) return verdict([`Patroni's keys cannot be read: ${snapshot.topology.error ?? 'empty'}.`])
  if (topology.leader === nodeName) return verdict([`${nodeName} holds the leader key.`])
  return verdict([...runningReasons(node), ...tagReasons(node)])
}

/** The leader, if it holds the key, answers, and its PostgreSQL takes writes; else null. */
export function healthyLeader(snapshot: ClusterSnapshot): NodeView | null {
  const topology = seenNow(snapshot.topology)
  const leader = viewNodes(snapshot).find((each) => each.name === topology?.leader)
  if (leader === undefined || leader.role !== NodeRole.LEADER || leader.state !== NodeState.RUNNING) return null
  const observed = snapshot.nodes.find((each) => each.name === leader.name)
  const patroni = observed === undefined ? null : seenNow(observed.patroni)
  return patroni !== null && observed !== undefined && isInRecovery(observed) === false ? leader : null
}

/** What a failover to a node would lose, as far as positions tell. */
export interface KnownLoss {
  /** What the node has received of the WAL; null: not known. */
  readonly receivedLsn: Lsn | null
  /** The furthest position that any node was ever seen at, and which; null: none was. */
  readonly furthest: { readonly node: string; readonly lsn: Lsn } | null
  /** Bytes of WAL between the two; null when unknown. */
  readonly bytes: number | null
}

export function knownLoss(snapshot: ClusterSnapshot, nodeName: string): KnownLoss {
  const nodes = viewNodes(snapshot)
  const members = snapshot.topology.value?.members
  const positions = nodes.flatMap((node) => {
    const lsn = furthestOf([node.lsn, node.receivedLsn, node.replayedLsn, members?.get(node.name)?.lsn ?? null])
    return lsn === null ? [] : [{ node: node.name, lsn }]
  })
  const furthest = positions.reduce<KnownLoss['furthest']>(
    (best, each) => (best === null || each.lsn > best.lsn ? each : best),
    null,
  )
  const node = nodes.find((each) => each.name === nodeName)
  const receivedLsn = node === undefined ? null : furthestOf([node.receivedLsn, node.replayedLsn])
  const comparable = receivedLsn !== null && furthest !== null
  return { receivedLsn, furthest, bytes: comparable ? bytesBetween(receivedLsn, furthest.lsn) : null }
}

/**
 * The node on the newest timeline that has received most; of equals the first by name. What one on an older timeline has
 * more was left by a failover or a recovery. Null when none may be promoted.
 */
export function bestForFailover(snapshot: ClusterSnapshot): string | null {
  const [best] = viewNodes(snapshot)
    .filter(({ name }) => assessFailover(snapshot, name).eligible)
    .map(({ name, timeline }) => ({
      name,
      timeline: BigInt(timeline ?? 0),
      received: knownLoss(snapshot, name).receivedLsn ?? -1n,
    }))
    .sort(
      (a, b) => descending(a.timeline, b.timeline) || descending(a.received, b.received) || (a.name < b.name ? -1 : 1),
    )
  return best?.name ?? null
}

function runningReasons(node: NodeView): string[] {
  const why = node.stateReason === null ? '' : `: ${node.stateReason}`
  const state = node.state.toLowerCase().replaceAll('_', ' ')
  const runs = [NodeState.RUNNING, NodeState.STREAMING, NodeState.IN_ARCHIVE_RECOVERY].includes(node.state)
  return runs && isReachable(node) ? [] : [`${node.name} is ${state}${why}.`]
}

function furthestOf(positions: readonly (Lsn | null)[]): Lsn | null {
  return positions.reduce((best, each) => (best === null || (each !== null && each > best) ? each : best), null)
}

function bytesBetween(from: Lsn, to: Lsn): number {
  return to > from ? Number(to - from) : 0
}

function descending(a: bigint, b: bigint): number {
  return a > b ? -1 : a < b ? 1 : 0
}

function verdict(reasons: string[]): Eligibility {
  return { eligible: reasons.length === 0, reasons }
}
