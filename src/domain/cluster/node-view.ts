import { isNotYetRead, newer, seenNow } from '../observed.ts'
import type { Lsn } from '../wal/lsn.ts'
import type { ClusterSnapshot, NodeSnapshot, ReplicationSlot, ServiceStatus, TopologyMember } from './cluster.ts'
import { NodeRole, NodeState, ServiceState } from './node.ts'
import { serviceNow } from './service-now.ts'

/** One node as it is, from Docker, the node's own Patroni and PostgreSQL, and the cluster's keys. */
export interface NodeView {
  readonly name: string
  readonly host: string
  readonly port: number
  readonly apiUrl: string
  /** Null when the container cannot be seen. */
  readonly service: ServiceStatus | null
  readonly role: NodeRole
  readonly state: NodeState
  /** Why the state is not what the node itself says; null where it is. */
  readonly stateReason: string | null
  readonly postgresVersion: string | null
  readonly patroniVersion: string | null
  readonly startedAt: Date | null
  readonly timeline: number | null
  /** Written on a leader, replayed on a replica; the last that was known. So are the two below. */
  readonly lsn: Lsn | null
  readonly receivedLsn: Lsn | null
  readonly replayedLsn: Lsn | null
  readonly replayPaused: boolean
  /** Behind the leader; null on the leader. */
  readonly lag: NodeLag | null
  readonly pendingRestart: boolean
  readonly pendingRestartReasons: Readonly<Record<string, unknown>> | null
  readonly tags: Readonly<Record<string, unknown>>
  readonly slots: readonly ReplicationSlot[]
}

/** Null where it cannot be seen now. */
export interface NodeLag {
  /** WAL that the leader has written and the replica has not received. */
  readonly receiveBytes: number | null
  /** WAL that the leader has written and the replica has not replayed. */
  readonly replayBytes: number | null
  readonly replaySeconds: number | null
}

type Positions = Omit<NodeView, 'lag'>

/** Every configured node, in the configured order. */
export function viewNodes(snapshot: ClusterSnapshot): NodeView[] {
  const positions = snapshot.nodes.map((node) => positionsOf(snapshot, node))
  const leader = positions.find((each) => isLeading(each.role))
  return positions.map((each) => ({ ...each, lag: isLeading(each.role) ? null : lagOf(snapshot, each, leader) }))
}

/** One configured node; null when there is none of that name. */
export function viewNode(snapshot: ClusterSnapshot, name: string): NodeView | null {
  return viewNodes(snapshot).find((each) => each.name === name) ?? null
}

export function isLeading(role: NodeRole): boolean {
  return role === NodeRole.LEADER || role === NodeRole.STANDBY_LEADER
}

/** Whether the node answers: only then is what is known of it what is. */
export function isReachable(view: Pick<NodeView, 'state'>): boolean {
  return view.state !== NodeState.UNREACHABLE && view.state !== NodeState.STOPPED && view.state !== NodeState.UNKNOWN
}

function positionsOf(snapshot: ClusterSnapshot, node: NodeSnapshot): Positions {
  const service = serviceNow(snapshot, node.service)
  const member = snapshot.topology.value?.members.get(node.name) ?? null
  const { patroni, postgres } = node
  const role = roleOf(snapshot, node)
  const lsn = newer(patroni, postgres, {
    a: (value) => (isLeading(role) ? (value.lsn ?? value.replayedLsn) : (value.replayedLsn ?? value.lsn)),
    b: (value) => value.lsn,
  })
  return {
    name: node.name,
    host: node.host,
    port: node.port,
    apiUrl: node.apiUrl,
    service,
    role,
    ...stateOf(snapshot, node, service),
    postgresVersion: patroni.value?.postgresVersion ?? postgres.value?.version ?? null,
    patroniVersion: patroni.value?.patroniVersion ?? member?.patroniVersion ?? null,
    startedAt: patroni.value?.startedAt ?? null,
    timeline: seenNow(patroni)?.timeline ?? member?.timeline ?? patroni.value?.timeline ?? null,
    lsn: lsn ?? member?.lsn ?? null,
    receivedLsn: newer(patroni, postgres, { a: (value) => value.receivedLsn, b: (value) => value.receivedLsn }),
    replayedLsn: newer(patroni, postgres, { a: (value) => value.replayedLsn, b: (value) => value.replayedLsn }),
    replayPaused: seenNow(patroni)?.replayPaused ?? false,
    pendingRestart: seenNow(patroni)?.pendingRestart ?? member?.pendingRestart ?? false,
    pendingRestartReasons: seenNow(patroni)?.pendingRestartReasons ?? member?.pendingRestartReasons ?? null,
    tags: seenNow(patroni)?.tags ?? member?.tags ?? patroni.value?.tags ?? {},
    slots: postgres.value?.slots ?? [],
  }
}

/** The leader key decides who leads; without the keys, each node's own word; without either, it is unknown. */
function roleOf(snapshot: ClusterSnapshot, node: NodeSnapshot): NodeRole {
  const own = seenNow(node.patroni)?.role ?? NodeRole.UNKNOWN
  const topology = seenNow(snapshot.topology)
  if (topology === null) return own
  const member = topology.members.get(node.name)?.role ?? own
  if (topology.leader === node.name) {
    return member === NodeRole.STANDBY_LEADER || own === NodeRole.STANDBY_LEADER
      ? NodeRole.STANDBY_LEADER
      : NodeRole.LEADER
  }
  if (topology.leader !== null && (isLeading(member) || isLeading(own))) return NodeRole.REPLICA
  if (topology.syncStandbys.includes(node.name)) {
    return member === NodeRole.QUORUM_STANDBY ? NodeRole.QUORUM_STANDBY : NodeRole.SYNC_STANDBY
  }
  return member
}

function stateOf(snapshot: ClusterSnapshot, node: NodeSnapshot, service: ServiceStatus | null) {
  const byContainer = stateByContainer(service)
  if (byContainer !== null && !hasAnsweredSince(node, service?.since ?? null)) return byContainer
  const member = seenNow(snapshot.topology)?.members.get(node.name)
  const patroni = seenNow(node.patroni)
  if (patroni !== null) return { state: refined(patroni.state, member), stateReason: null }
  if (!isNotYetRead(node.patroni)) {
    return { state: NodeState.UNREACHABLE, stateReason: `Patroni does not answer: ${node.patroni.error}` }
  }
  if (member !== undefined) return { state: member.state, stateReason: 'as its member key says' }
  return { state: NodeState.UNKNOWN, stateReason: 'not read yet' }
}

/**
 * Whether the node has answered after Docker was first seen to say what it says: Docker's word then is about something
 * else than the node, and is never put above the node's own.
 */
function hasAnsweredSince({ patroni, postgres }: NodeSnapshot, since: Date | null): boolean {
  return [patroni, postgres].some(({ at, error }) => error === null && at !== null && since !== null && at > since)
}

function stateByContainer(service: ServiceStatus | null) {
  switch (service?.state) {
    case ServiceState.EXITED:
    case ServiceState.DEAD:
    case ServiceState.CREATED:
    case ServiceState.REMOVING:
    case ServiceState.MISSING:
      return { state: NodeState.STOPPED, stateReason: `its container is ${service.state.toLowerCase()}` }
    case ServiceState.PAUSED:
      return { state: NodeState.UNREACHABLE, stateReason: 'its container is paused' }
    case ServiceState.RESTARTING:
      return { state: NodeState.STARTING, stateReason: 'Docker is restarting its container' }
    default:
      return null
  }
}

/** A replica's REST may only say "running" where its key says how it replicates. */
function refined(state: NodeState, member: TopologyMember | undefined): NodeState {
  const replicates = member?.state === NodeState.STREAMING || member?.state === NodeState.IN_ARCHIVE_RECOVERY
  return state === NodeState.RUNNING && member !== undefined && replicates ? member.state : state
}

function lagOf(snapshot: ClusterSnapshot, view: Positions, leader: Positions | undefined): NodeLag {
  if (!isReachable(view)) return { receiveBytes: null, replayBytes: null, replaySeconds: null }
  const written = leader === undefined || !isReachable(leader) ? null : leader.lsn
  const node = snapshot.nodes.find((each) => each.name === view.name)
  return {
    receiveBytes: bytesBehind(written, view.receivedLsn),
    replayBytes: bytesBehind(written, view.replayedLsn ?? view.lsn),
    replaySeconds: node === undefined ? null : (seenNow(node.postgres)?.replayLagSeconds ?? null),
  }
}

/** The replica may have been asked after the leader: it is never ahead. */
function bytesBehind(written: Lsn | null, at: Lsn | null): number | null {
  if (written === null || at === null) return null
  return written > at ? Number(written - at) : 0
}
