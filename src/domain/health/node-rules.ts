import { cureOf, describeRefusal } from '../cluster/login-refusal.ts'
import { NodeState, ServiceState } from '../cluster/node.ts'
import { isLeading, isReachable, type NodeView } from '../cluster/node-view.ts'
import { restartAction, startAction } from '../cluster/start-call.ts'
import { onlyAfterPrimary } from '../configuration/standby-parameters.ts'
import { isNotYetRead } from '../observed.ts'
import { formatGlobalId, readGlobalId } from '../resource-id.ts'
import { suggest } from '../suggested-action.ts'
import { formatBytes, formatSeconds } from './format.ts'
import { type HealthContext, type HealthRule, HealthStatus, type SeenByCode } from './health-issue.ts'
import { copyAgain, type NodeIssue } from './node-issue.ts'
import { isLeadElsewhere, isNodeSeen, isPostgresSeen } from './seen.ts'

/** Each PostgreSQL node: does it run, follow, keep up, and want a restart. */
export const nodeIssues: HealthRule = (context) =>
  context.nodes.flatMap((node) => {
    const subject = formatGlobalId('PostgresNode', context.snapshot.name, node.name)
    return issuesOf(node, context).map((issue) => ({ ...issue, subject }))
  })

function issuesOf(node: NodeView, context: HealthContext): NodeIssue[] {
  if (!isReachable(node)) return [absence(node, context)]
  return [
    ...runningIssues(node, context),
    ...containerIssues(node),
    ...loginIssues(node, context),
    ...lagIssues(node, context),
    ...restartIssues(node, context),
  ]
}

function absence(node: NodeView, { snapshot }: HealthContext): NodeIssue {
  const why = node.stateReason === null ? '' : `: ${node.stateReason}`
  if (node.state === NodeState.UNKNOWN) {
    return {
      severity: HealthStatus.UNKNOWN,
      code: 'NODE_UNKNOWN',
      message: `Nothing is known of ${node.name}${why}.`,
      remedy: 'Look again in some seconds; if it stays so, look at the logs of its service.',
      isPassing: snapshot.nodes.some(({ name, patroni }) => name === node.name && isNotYetRead(patroni)),
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
    action: stopped || inside ? startAction(snapshot.name, name) : restartAction(snapshot.name, name),
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
      action: copyAgain(node, snapshot),
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
      action: copyAgain(node, snapshot),
    },
  ]
}

function restartIssues(node: NodeView, { snapshot, nodes }: HealthContext): NodeIssue[] {
  if (!node.pendingRestart) return []
  const parameters = Object.keys(node.pendingRestartReasons ?? {})
  return [
    {
      severity: HealthStatus.DEGRADED,
      code: 'PENDING_RESTART',
      message: `${node.name} runs without ${parameters.length === 0 ? 'a changed parameter' : `the new ${parameters.join(', ')}`} until it is restarted.`,
      ...cureOfPending(node, nodes, snapshot.name),
    },
  ]
}

function cureOfPending(
  node: NodeView,
  nodes: readonly NodeView[],
  cluster: string,
): Pick<NodeIssue, 'remedy' | 'action'> {
  const leader = nodes.find((each) => isLeading(each.role) && isReachable(each)) ?? null
  const after = isLeading(node.role) ? [] : onlyAfterPrimary(node, leader)
  if (after.length > 0) {
    return {
      remedy: `A replica takes a lower ${after.join(', ')} only after the leader: restartCluster(input: {pendingOnly: true}) restarts them in that order.`,
      action: suggest('restartCluster', 'Restart what waits for it, the leader first', { cluster, pendingOnly: true }),
    }
  }
  return {
    remedy: `Restart it: restartNode(input: {node: "${node.name}"}), or all of them one by one: restartCluster(input: {pendingOnly: true}).`,
    action: suggest('restartNode', `Restart PostgreSQL on ${node.name}`, { cluster, node: node.name }),
  }
}

const nodeOf = (subject: string, { nodes }: HealthContext) =>
  nodes.find(({ name }) => name === readGlobalId(subject)?.name)

/** Whether anything tells how a node is: that it does not answer is such a thing, that nothing is known is not. */
const isStateKnown = (subject: string, context: HealthContext) => nodeOf(subject, context)?.state !== NodeState.UNKNOWN

/** One that has stopped does not answer either: only its container, or an answer, says that it is not so. */
const isStopSeen = (subject: string, context: HealthContext) => {
  const node = nodeOf(subject, context)
  return node === undefined || node.service !== null || isReachable(node)
}

const isLeaderSeen = ({ nodes }: HealthContext) => nodes.some((node) => isLeading(node.role) && isReachable(node))

export const nodeSeen: SeenByCode<
  | 'LEADER_NOT_RUNNING'
  | 'NODE_STOPPED'
  | 'NODE_UNKNOWN'
  | 'NODE_UNREACHABLE'
  | 'PENDING_RESTART'
  | 'REPLICA_LAGGING'
  | 'REPLICA_NOT_STREAMING'
  | 'ROLE_CANNOT_LOGIN'
  | 'CONTAINER_NOT_FOUND'
> = {
  NODE_STOPPED: isStopSeen,
  NODE_UNREACHABLE: isStateKnown,
  NODE_UNKNOWN: isStateKnown,
  // Where another node leads, whatever became of it is no matter of the leader.
  LEADER_NOT_RUNNING: (subject, context) => isNodeSeen(subject, context) || isLeadElsewhere(subject, context),
  REPLICA_NOT_STREAMING: isNodeSeen,
  // Without the leader's position nothing is known of how far behind it is in bytes, without a session to it in seconds.
  REPLICA_LAGGING: (subject, context) =>
    isNodeSeen(subject, context) && isPostgresSeen(subject, context) && isLeaderSeen(context),
  PENDING_RESTART: isNodeSeen,
  ROLE_CANNOT_LOGIN: isPostgresSeen,
  // A container that is found is seen; one whose engine is away says nothing of it.
  CONTAINER_NOT_FOUND: (subject, context) => nodeOf(subject, context)?.service !== null,
}
