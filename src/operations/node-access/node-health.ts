import type { ClusterSnapshot, NodeSnapshot } from '../../domain/cluster/cluster.ts'
import type { ClusterLayout } from '../../domain/cluster/cluster-layout.ts'
import { isInRecovery } from '../../domain/cluster/in-recovery.ts'
import { NodeState } from '../../domain/cluster/node.ts'
import { isLeading, viewNode } from '../../domain/cluster/node-view.ts'
import { seenNow } from '../../domain/observed.ts'
import type { StepContext } from '../context.ts'

/** Lag, in bytes, that still counts as none: on a busy cluster a replica is never at exactly zero. */
const LAG_BYTES = 1024 * 1024

/** States that pass by themselves: an operation waits for them instead of being refused. */
const PASSING: readonly NodeState[] = [
  NodeState.RUNNING,
  NodeState.STREAMING,
  NodeState.IN_ARCHIVE_RECOVERY,
  NodeState.STARTING,
  NodeState.RESTARTING,
  NodeState.STOPPING,
]

/** Why a node will not serve soon by itself; null when it does, or is likely to in a moment. */
export function whyAway(cluster: ClusterSnapshot, name: string): string | null {
  const view = viewNode(cluster, name)
  return view !== null && PASSING.includes(view.state) ? null : whyNotServing(cluster, name)
}

/** Why a node does not serve as it should; null when it leads and is writable, or streams without lag. */
export function whyNotWell(cluster: ClusterSnapshot, name: string): string | null {
  const why = whyNotServing(cluster, name)
  if (why !== null || leaderOf(cluster) === name) return why
  const { receiveBytes = null, replayBytes = null } = viewNode(cluster, name)?.lag ?? {}
  if (receiveBytes === null || replayBytes === null) return `the lag of ${name} is not known`
  const lag = Math.max(receiveBytes, replayBytes)
  return lag > LAG_BYTES ? `${name} lags ${lag} bytes behind` : null
}

/**
 * The same but for its lag: a snapshot has looked at the leader and at the replica at two moments, between which a busy
 * leader writes more than that.
 */
export function whyNotServing(cluster: ClusterSnapshot, name: string): string | null {
  const view = viewNode(cluster, name)
  const node = snapshotOf(cluster, name)
  if (view === null || node === undefined) return `${name} is not a node of ${cluster.name}`
  const inRecovery = isInRecovery(node)
  const state = `${view.state.toLowerCase().replaceAll('_', ' ')}${view.stateReason ? ` (${view.stateReason})` : ''}`
  if (isLeading(view.role)) {
    if (view.state !== NodeState.RUNNING) return `the leader ${name} is ${state}`
    if (inRecovery === null) return `PostgreSQL of the leader ${name} does not answer`
    return inRecovery ? `the leader ${name} is not writable yet` : null
  }
  if (view.state !== NodeState.STREAMING) return `${name} is ${state}`
  if (inRecovery === null) return `PostgreSQL of ${name} does not answer`
  const leader = leaderOf(cluster)
  if (leader === null) return 'no node leads'
  const timeline = viewNode(cluster, leader)?.timeline ?? null
  if (timeline !== null && view.timeline === timeline) return null
  return `${name} is on timeline ${view.timeline ?? 'unknown'}, the leader on ${timeline ?? 'unknown'}`
}

/** The same, asked of the node and the leader now. */
export async function whyNotWellNow(context: StepContext<unknown>, name: string): Promise<string | null> {
  const leader = leaderOf(context.cluster())
  await Promise.all([...new Set([name, ...(leader === null ? [] : [leader])])].map(context.clients.refreshNode))
  return whyNotWell(context.cluster(), name)
}

/** As Patroni's keys have it now; null when no node leads or they cannot be read. */
export function leaderOf(cluster: ClusterSnapshot): string | null {
  return seenNow(cluster.topology)?.leader ?? null
}

export function snapshotOf(cluster: ClusterSnapshot, name: string): NodeSnapshot | undefined {
  return cluster.nodes.find((node) => node.name === name)
}

/** The service that a node runs in. */
export function serviceOf(layout: ClusterLayout, name: string): string {
  return layout.nodes.find((node) => node.name === name)?.service ?? name
}

/** The timeline that this node is on, asked now; null where it does not say. */
export async function readTimeline(context: StepContext<unknown>, node: string): Promise<number | null> {
  await context.clients.refreshNode(node)
  return snapshotOf(context.cluster(), node)?.patroni.value?.timeline ?? null
}
