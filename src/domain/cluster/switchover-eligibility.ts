import { seenNow } from '../observed.ts'
import type { ClusterSnapshot, Topology } from './cluster.ts'
import { NodeState } from './node.ts'
import { isReachable, type NodeView, viewNodes } from './node-view.ts'

/** Whether a node may take over in a planned switchover now, and every reason against it. */
export interface Eligibility {
  readonly eligible: boolean
  readonly reasons: readonly string[]
}

/** Patroni's default for `maximum_lag_on_failover`, in bytes. */
const DEFAULT_MAXIMUM_LAG = 1024 * 1024

/** Patroni's own rules, with its reasons. A paused cluster is none: a named candidate may take over in it. */
export function assessSwitchover(snapshot: ClusterSnapshot, nodeName: string): Eligibility {
  const nodes = viewNodes(snapshot)
  const node = nodes.find((each) => each.name === nodeName)
  if (node === undefined) return verdict([`${nodeName} is not a configured node of ${snapshot.name}.`])
  const topology = seenNow(snapshot.topology)
  if (topology === null) return verdict([`Patroni's keys cannot be read: ${snapshot.topology.error ?? 'empty'}.`])
  if (topology.leader === nodeName) return verdict([`${nodeName} is the leader already.`])
  const leader = nodes.find((each) => each.name === topology.leader)
  return verdict([
    ...leaderReasons(topology, leader),
    ...stateReasons(node),
    ...tagReasons(node),
    ...synchronousReasons(node, topology),
    ...(isReachable(node) && leader !== undefined ? distanceReasons(node, leader, topology) : []),
  ])
}

/**
 * The node (of those named, if any) that would lose the least time: least lag, then the first by name. Null: none may. Lags that differ by less than a
 * MiB are alike: by them, another node would be best from one moment to the next.
 */
export function bestForSwitchover(snapshot: ClusterSnapshot, among: readonly string[] | null = null): string | null {
  const [best] = viewNodes(snapshot)
    .filter(({ name }) => among === null || among.includes(name))
    .filter(({ name }) => assessSwitchover(snapshot, name).eligible)
    .map((node) => ({ name: node.name, lag: Math.floor((leastLag(node) ?? Number.POSITIVE_INFINITY) / 1024 ** 2) }))
    .sort((a, b) => a.lag - b.lag || (a.name < b.name ? -1 : 1))
  return best?.name ?? null
}

function verdict(reasons: string[]): Eligibility {
  return { eligible: reasons.length === 0, reasons }
}

function leaderReasons(topology: Topology, leader: NodeView | undefined): string[] {
  if (topology.leader === null) return ['The cluster has no leader: there is nothing to switch over from.']
  return leader === undefined ? [`The leader, ${topology.leader}, is not a configured node.`] : []
}

function stateReasons(node: NodeView): string[] {
  const why = node.stateReason === null ? '' : `: ${node.stateReason}`
  if (!isReachable(node)) return [`${node.name} is ${wordOf(node.state)}${why}.`]
  const reasons: string[] = []
  if (node.state !== NodeState.STREAMING)
    reasons.push(`${node.name} is not streaming: it is ${wordOf(node.state)}${why}.`)
  if (node.replayPaused) reasons.push(`${node.name} has its replay paused.`)
  return reasons
}

/** Tags by which a node is never to lead. */
export function tagReasons(node: NodeView): string[] {
  const { nofailover, failover_priority: priority } = node.tags
  // As Patroni reads them: an explicit nofailover wins over the priority.
  if (isOn(nofailover)) return [`${node.name} has the tag nofailover.`]
  const isBarred = nofailover === undefined && typeof priority === 'number' && priority <= 0
  return isBarred ? [`${node.name} has the tag failover_priority ${priority}.`] : []
}

function synchronousReasons(node: NodeView, topology: Topology): string[] {
  const mode = topology.configuration['synchronous_mode']
  if (!isOn(mode) && mode !== 'quorum') return []
  const named = (name: string) => name.toLowerCase() === node.name.toLowerCase()
  if (topology.syncStandbys.some(named)) return []
  const who = topology.syncStandbys.length === 0 ? 'there is none now' : `now ${topology.syncStandbys.join(', ')}`
  return [`Synchronous mode is on, and ${node.name} is not a sync standby (${who}).`]
}

function distanceReasons(node: NodeView, leader: NodeView, topology: Topology): string[] {
  const reasons: string[] = []
  // No replica streams from a leader on an older timeline: the leader's own figure is then from before its promotion.
  const leaderReadBefore = node.state === NodeState.STREAMING && (node.timeline ?? 0) > (leader.timeline ?? 0)
  if (node.timeline !== null && leader.timeline !== null && node.timeline !== leader.timeline && !leaderReadBefore) {
    reasons.push(`${node.name} is on timeline ${node.timeline}, the leader on ${leader.timeline}.`)
  }
  const configured = topology.configuration['maximum_lag_on_failover']
  const maximum = typeof configured === 'number' ? configured : DEFAULT_MAXIMUM_LAG
  const lag = leastLag(node)
  if (lag === null) reasons.push(`The lag of ${node.name} is not known.`)
  else if (lag > maximum) {
    reasons.push(`${node.name} lags ${lag} bytes behind; maximum_lag_on_failover is ${maximum}.`)
  }
  return reasons
}

/** Bytes. What a node has received it can replay: Patroni counts the further of the two. */
function leastLag(node: NodeView): number | null {
  const known = [node.lag?.receiveBytes, node.lag?.replayBytes].filter((each) => typeof each === 'number')
  return known.length === 0 ? null : Math.min(...known)
}

/** Patroni takes YAML's and PostgreSQL's words for true. */
export function isOn(value: unknown): boolean {
  return value === true || (typeof value === 'string' && /^(on|true|yes|1)$/i.test(value))
}

function wordOf(state: NodeState): string {
  return state.toLowerCase().replaceAll('_', ' ')
}
