import type { ClusterSnapshot } from '../cluster/cluster.ts'
import { cureOf, describeRefusal } from '../cluster/login-refusal.ts'
import { NodeState, ServiceState } from '../cluster/node.ts'
import { isLeading, isReachable, type NodeView } from '../cluster/node-view.ts'
import { formatGlobalId } from '../resource-id.ts'
import { formatBytes, formatSeconds } from './format.ts'
import { type HealthContext, type HealthIssue, type HealthRule, HealthStatus } from './health-issue.ts'

type NodeIssue = Omit<HealthIssue, 'subject'>

/** Each PostgreSQL node: does it run, follow, keep up, and want a restart. */
export const nodeIssues: HealthRule = (context) =>
  context.nodes.flatMap((node) => {
    const subject = formatGlobalId('PostgresNode', context.snapshot.name, node.name)
    return issuesOf(node, context).map((issue) => ({ ...issue, subject }))
  })

function issuesOf(node: NodeView, context: HealthContext): NodeIssue[] {
  if (!isReachable(node)) return [absence(node)]
  return [
    ...runningIssues(node, context),
    ...containerIssues(node),
    ...loginIssues(node, context),
    ...lagIssues(node, context),
    ...slotIssues(node, context),
    ...restartIssues(node),
  ]
}

function absence(node: NodeView): NodeIssue {
  const why = node.stateReason === null ? '' : `: ${node.stateReason}`
  if (node.state === NodeState.UNKNOWN) {
    return {
      severity: HealthStatus.UNKNOWN,
      code: 'NODE_UNKNOWN',
      message: `Nothing is known of ${node.name}${why}.`,
      remedy: 'Look again in some seconds; if it stays so, look at the logs of its service.',
    }
  }
  const stopped = node.state === NodeState.STOPPED
  const name = node.service?.name ?? node.name
  // The container is there, so it is Patroni that does not run or does not answer, or all of it is frozen.
  const inside = node.service?.state === ServiceState.RUNNING || node.service?.state === ServiceState.PAUSED
  const severity = isLeading(node.role) ? HealthStatus.CRITICAL : HealthStatus.DEGRADED
  return {
    severity,
    code: stopped ? 'NODE_STOPPED' : 'NODE_UNREACHABLE',
    message: `${node.name}${isLeading(node.role) ? ', which holds the leader key,' : ''} ${stopped ? 'is stopped' : 'cannot be reached'}${why}.`,
    remedy: stopped
      ? `Start it: startService(input: {service: "${name}"}).`
      : inside
        ? `Start what does not run in its container, Patroni above all: startService(input: {service: "${name}"}). One that runs and does not answer is restarted: restartService(input: {service: "${name}"}).`
        : `Look at the logs of its service, then restart it: restartService(input: {service: "${name}"}).`,
  }
}

function runningIssues(node: NodeView, { snapshot }: HealthContext): NodeIssue[] {
  const state = node.state.toLowerCase().replaceAll('_', ' ')
  if (isLeading(node.role)) {
    if (node.state === NodeState.RUNNING) return []
    return [
      {
        severity: HealthStatus.CRITICAL,
        code: 'LEADER_NOT_RUNNING',
        message: `${node.name} holds the leader key, but its PostgreSQL is ${state}.`,
        remedy:
          'Patroni restarts it or gives up the key by itself; look at the logs, or switch to a replica (failover).',
      },
    ]
  }
  if (node.state === NodeState.STREAMING) return []
  return [
    {
      severity: HealthStatus.DEGRADED,
      code: 'REPLICA_NOT_STREAMING',
      message: `${node.name} is not streaming: it is ${state}.`,
      remedy: `Wait if it has just started; look at its logs; if its data can no longer follow, copy it again: reinitializeNode(input: {node: "${node.name}", confirm: "${snapshot.name}"}).`,
    },
  ]
}

const WITHOUT_PROCESS: ReadonlySet<ServiceState> = new Set([
  ServiceState.MISSING,
  ServiceState.EXITED,
  ServiceState.CREATED,
  ServiceState.DEAD,
  ServiceState.REMOVING,
  ServiceState.PAUSED,
])

/** The node serves, so nothing is down; but no operation can start, stop or work in a container that is not found. */
function containerIssues(node: NodeView): NodeIssue[] {
  const { service } = node
  if (service === null || !WITHOUT_PROCESS.has(service.state)) return []
  return [
    {
      severity: HealthStatus.DEGRADED,
      code: 'CONTAINER_NOT_FOUND',
      message: `${node.name} answers, but the container of service ${service.name} is ${service.state.toLowerCase()}: it runs in one that Howdah does not know.`,
      remedy: `See which one it is: \`docker ps --all --filter label=com.docker.compose.service=${service.name}\`, or \`docker ps\`; give it the name that configs/howdah.yml says, with \`docker rename\`.`,
    },
  ]
}

/** One issue a node: a role is the same everywhere, but the connections that are free are not. */
function loginIssues(node: NodeView, { snapshot, nodes }: HealthContext): NodeIssue[] {
  const refusal = snapshot.nodes.find(({ name }) => name === node.name)?.loginRefusal ?? null
  if (refusal === null) return []
  const leader = nodes.find(({ role }) => isLeading(role)) ?? null
  return [
    {
      severity: HealthStatus.DEGRADED,
      code: 'ROLE_CANNOT_LOGIN',
      message: `PostgreSQL of ${node.name} runs, and does not let ${describeRefusal(refusal)}. What Patroni reports is known; positions of slots, the archiver and sizes are not.`,
      remedy: cureOf(refusal, leader === null ? null : (leader.service?.name ?? leader.name)),
    },
  ]
}

/** One bound for HAProxy and for what is said here: more, and new sessions of readers go elsewhere. */
function lagIssues(node: NodeView, { snapshot, thresholds }: HealthContext): NodeIssue[] {
  const { receiveBytes = null, replayBytes = null, replaySeconds = null } = node.lag ?? {}
  const bound = snapshot.readMaxLagBytes
  const parts: string[] = []
  const late = replayBytes !== null && replayBytes > bound
  if (receiveBytes !== null && receiveBytes > bound) parts.push(`${formatBytes(receiveBytes)} not received`)
  if (late) parts.push(`${formatBytes(replayBytes)} not replayed`)
  // On an idle leader the last replayed commit grows old without any lag.
  if (replaySeconds !== null && replaySeconds > thresholds.replayLagSeconds && replayBytes !== 0) {
    parts.push(`replay ${formatSeconds(replaySeconds)} behind (bound ${formatSeconds(thresholds.replayLagSeconds)})`)
  }
  if (parts.length === 0) return []
  const readers = `. Above ${formatBytes(bound)} HAProxy's read-only port gives it no new sessions`
  return [
    {
      severity: HealthStatus.DEGRADED,
      code: 'REPLICA_LAGGING',
      message: `${node.name} lags: ${parts.join('; ')}${late ? readers : ''}.`,
      remedy: `Look for long queries, a paused replay or a slow disk on ${node.name}; if it cannot catch up: reinitializeNode(input: {node: "${node.name}", confirm: "${snapshot.name}"}).`,
    },
  ]
}

function slotIssues(node: NodeView, { snapshot, thresholds }: HealthContext): NodeIssue[] {
  if (!isLeading(node.role)) return []
  const severity = HealthStatus.DEGRADED
  return node.slots.flatMap((slot): NodeIssue[] => {
    const named = `Replication slot ${slot.name} on ${node.name}`
    if (slot.walStatus === 'lost') {
      const message = `${named} is lost: the WAL that its consumer needs has been removed (max_slot_wal_keep_size).`
      return [{ severity, code: 'SLOT_LOST', message, remedy: cureOfLostSlot(slot.name, node, snapshot) }]
    }
    if (slot.walStatus === 'unreserved') {
      const message = `${named} keeps more WAL than it may (max_slot_wal_keep_size): the next checkpoint removes what its consumer needs.`
      const remedy = `See that its consumer reads, or allow more: updateConfiguration(input: {patch: {postgresql: {parameters: {max_slot_wal_keep_size: "-1"}}}}).`
      return [{ severity, code: 'SLOT_AT_RISK', message, remedy }]
    }
    if (slot.active || (slot.retainedBytes ?? 0) <= thresholds.slotRetainedBytes) return []
    const message = `${named} is inactive; it keeps ${formatBytes(slot.retainedBytes ?? 0)} of WAL.`
    const remedy = 'Start the replica or receiver that it belongs to, or drop the slot, before the disk is full.'
    return [{ severity, code: 'SLOT_RETAINS_WAL', message, remedy }]
  })
}

/** A node's own is made again with the node; Barman's receiver makes its own again by itself, where it runs. */
function cureOfLostSlot(slot: string, leader: NodeView, { name, nodes }: ClusterSnapshot): string {
  const member = nodes.find((node) => node.name.replaceAll('-', '_') === slot)
  if (member !== undefined) {
    return `If ${member.name} does not stream again by itself, copy it again: reinitializeNode(input: {node: "${member.name}", confirm: "${name}"}).`
  }
  const drop = `docker exec ${leader.service?.name ?? leader.name} psql -U postgres -c "SELECT pg_drop_replication_slot('${slot}')"`
  return `Barman's is made again by its receiver within seconds, without a gap. Another one is dropped (${drop}), and its consumer begins with a new copy.`
}

function restartIssues(node: NodeView): NodeIssue[] {
  if (!node.pendingRestart) return []
  const parameters = Object.keys(node.pendingRestartReasons ?? {})
  return [
    {
      severity: HealthStatus.DEGRADED,
      code: 'PENDING_RESTART',
      message: `${node.name} runs without ${parameters.length === 0 ? 'a changed parameter' : `the new ${parameters.join(', ')}`} until it is restarted.`,
      remedy: `Restart it: restartNode(input: {node: "${node.name}"}), or all of them one by one: restartCluster(input: {pendingOnly: true}).`,
    },
  ]
}
