import { BackupStatus } from '../../domain/backup/backup.ts'
import { assessEtcd } from '../../domain/cluster/etcd-quorum.ts'
import { ServiceState } from '../../domain/cluster/node.ts'
import { isReachable, viewNodes } from '../../domain/cluster/node-view.ts'
import { startCall } from '../../domain/cluster/start-call.ts'
import { assessSwitchover } from '../../domain/cluster/switchover-eligibility.ts'
import { seenNow } from '../../domain/observed.ts'
import { type Refusal, refuse } from '../../domain/refusal.ts'
import type { PlanContext } from '../context.ts'
import { isDown, leads, nodeOf, roleOf, ServiceRole, statusOf, successors } from './find-service.ts'
import type { ServiceInput } from './service-input.ts'

type Context = PlanContext<ServiceInput>

/** What speaks against naming the service at all. */
export function checkServiceExists(
  context: Pick<Context, 'cluster' | 'layout'>,
  service: string,
  field = 'service',
): Refusal[] {
  const { cluster, layout } = context
  if (!layout.services.some(({ name }) => name === service)) {
    const known = layout.services.map(({ name }) => name).join(', ')
    return [refuse('UNKNOWN_SERVICE', `there is no service "${service}"`, `Configured: ${known}.`, field)]
  }
  if (statusOf(cluster, service)?.state !== ServiceState.MISSING) return []
  const remedy = 'Make the missing containers with `npm start`; those that run are left alone.'
  return [refuse('SERVICE_MISSING', `${service} has no container`, remedy, field)]
}

/** What speaks against taking the service down, for a moment or for good. */
export function checkTakingDown(context: Context, forGood: boolean): Refusal[] {
  const { cluster, input } = context
  if (input.force === true || isDown(statusOf(cluster, input.service))) return []
  switch (roleOf(context.layout, input.service)) {
    case ServiceRole.NODE:
      return [...checkLastNode(context), ...(forGood ? checkLeader(context) : [])]
    case ServiceRole.ETCD:
      return checkQuorum(context)
    case ServiceRole.BARMAN:
      return checkBackups(context)
    default:
      return []
  }
}

const FORCED = 'force: true does it nevertheless'

function checkLastNode({ cluster, layout, input: { service } }: Context): Refusal[] {
  const running = viewNodes(cluster).filter(isReachable)
  const node = nodeOf(layout, service)
  if (!running.some(({ name }) => name === node) || running.length > 1) return []
  const message = `${node} is the last node that runs: no database is left without it`
  const other = layout.nodes.find(({ name }) => name !== node)
  const start = other === undefined ? 'There is no other node to start' : `First ${startCall(other.service)}`
  return [refuse('LAST_NODE', message, `${start}; ${FORCED}.`, 'service')]
}

function checkLeader({ cluster, layout, input: { service } }: Context): Refusal[] {
  const others = cluster.nodes.filter(({ name }) => name !== nodeOf(layout, service))
  // With no other node at all it is the last one, which has a refusal of its own.
  if (!leads(cluster, layout, service) || others.length === 0 || successors(cluster).length > 0) return []
  const isPaused = cluster.topology.value?.paused === true
  const paused = isPaused ? ['The cluster is paused: no node takes over by itself.'] : []
  const reasons = [...paused, ...others.flatMap(({ name }) => assessSwitchover(cluster, name).reasons)]
  const message = `${service} leads, and no replica may take over: ${reasons.join(' ')}`
  const first = isPaused ? 'Resume the cluster first: resumeCluster(input: {})' : 'Fix one of these first'
  const remedy = `${first}; ${FORCED}, and the cluster is then without a leader.`
  return [refuse('NO_ELIGIBLE_NODE', message, remedy, 'service')]
}

/** Whether etcd has a quorum that it loses with this service. */
export function takesLastQuorum({ cluster, layout, input: { service } }: Context): boolean {
  const { hasQuorum, faultTolerance } = assessEtcd(cluster.etcd)
  const member = layout.etcd.find((each) => each.service === service)
  const seen = cluster.etcd.find(({ name }) => name === member?.name)
  const counts = seen !== undefined && seenNow(seen.status)?.hasLeader === true
  return hasQuorum && counts && faultTolerance === 0
}

function checkQuorum(context: Context): Refusal[] {
  if (!takesLastQuorum(context)) return []
  const { healthyCount, memberCount, quorum } = assessEtcd(context.cluster.etcd)
  const message = `etcd needs ${quorum} of its ${memberCount} members and has ${healthyCount}: without ${context.input.service} no leader can be elected, and nothing that needs etcd's lock can run`
  const { cluster, layout, input } = context
  const missing = layout.etcd.find(
    ({ name, service }) =>
      service !== input.service && !cluster.etcd.some((each) => each.name === name && seenNow(each.status)?.hasLeader),
  )
  const first = missing === undefined ? 'No other member could be started' : `First ${startCall(missing.service)}`
  const remedy = `${first}; ${FORCED}.`
  return [refuse('LAST_QUORUM', message, remedy, 'service')]
}

function checkBackups({ cluster, layout, input: { service } }: Context): Refusal[] {
  const servers = new Set(layout.backupServers.filter((each) => each.service === service).map(({ name }) => name))
  const running = cluster.backupServers
    .filter(({ name }) => servers.has(name))
    .flatMap(({ backups }) => seenNow(backups) ?? [])
    .filter(({ status }) => status === BackupStatus.STARTED || status === BackupStatus.EMPTY)
  return running.map(({ backupId }) =>
    refuse(
      'BACKUP_RUNNING',
      `backup ${backupId} is being made, and would be lost`,
      `Wait for it, or cancel the operation that makes it (cancelOperation); ${FORCED}.`,
      'service',
    ),
  )
}

/** The worker cannot take down what the operation itself stands on. `forGood`: nothing starts it again. */
export function checkOwnGround({ layout, input: { service, force } }: Context, forGood: boolean): Refusal[] {
  const container = layout.services.find(({ name }) => name === service)?.container ?? service
  switch (roleOf(layout, service)) {
    case ServiceRole.WORKER:
      return [
        refuse(
          'RUNS_THE_OPERATION',
          'the worker runs the operations: it would take this one down with itself',
          `On the host: \`docker ${forGood ? 'stop' : 'restart'} ${container}\`. What runs is handed over to the worker that comes next.`,
          'service',
        ),
      ]
    case ServiceRole.REDIS:
      if (!forGood) return []
      return [
        refuse(
          'HOLDS_THE_OPERATIONS',
          'Redis holds the log of operations: nothing could be asked for, followed or started again',
          `restartService(input: {service: "${service}"}) restarts it. To stop it for good, stop the stack with \`npm stop\`, or on the host \`docker stop ${container}\`.`,
          'service',
        ),
      ]
    case ServiceRole.API:
      if (!forGood || force === true) return []
      return [
        refuse(
          'LAST_WAY_IN',
          'without the API no operation can be requested, not even to start it again',
          `restartService(input: {service: "${service}"}) restarts it; ${FORCED}. Then \`npm start\` or \`docker start ${container}\` brings it back.`,
          'service',
        ),
      ]
    default:
      return []
  }
}

/** Howdah's own image is built on the host; and no worker could go on replacing Redis, which knows how far it is. */
export function checkRebuildable({ layout, input: { service } }: Context): Refusal[] {
  switch (roleOf(layout, service)) {
    case ServiceRole.WORKER:
    case ServiceRole.API: {
      const message = `the image of ${service} is made from what is built on the host`
      return [
        refuse(
          'BUILT_ON_THE_HOST',
          message,
          'Run `npm start` on the host: it builds what changed and replaces it.',
          'service',
        ),
      ]
    }
    case ServiceRole.REDIS: {
      const message = 'Redis holds the log of operations: no worker would know how far its own replacement is'
      return [
        refuse(
          'HOLDS_THE_OPERATIONS',
          message,
          'Run `npm start` on the host: it builds what changed and replaces it.',
          'service',
        ),
      ]
    }
    default:
      return []
  }
}
