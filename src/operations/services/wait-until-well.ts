import { assessEtcd } from '../../domain/cluster/etcd-quorum.ts'
import { NodeState } from '../../domain/cluster/node.ts'
import { isLeading, viewNode } from '../../domain/cluster/node-view.ts'
import { seenNow } from '../../domain/observed.ts'
import { LogLevel } from '../../domain/operation/operation-events.ts'
import type { StepContext } from '../context.ts'
import { type Step, StepOutcome } from '../define-operation.ts'
import { pollUntil } from '../poll-until.ts'
import { nodeOf, roleOf, ServiceRole } from './find-service.ts'
import { NoQuorumToJoinError, NotWellError } from './service-errors.ts'
import type { ServiceInput } from './service-input.ts'

type Context = StepContext<ServiceInput>

const POLL_MS = 250
const PATIENCE_MS = 120_000
/** A node may have to replay much WAL after a crash. */
const NODE_PATIENCE_MS = 600_000
/** Patroni answers while PostgreSQL replays, however long. Waiting longer does not help one that stays silent. */
const SILENT_PATIENCE_MS = 90_000
/** How long etcd may take to choose a leader. */
const NO_QUORUM_MS = 15_000
/** A member that has not ended by then has read its data and waits for the others. */
const MEMBER_SETTLED_MS = 3_000

interface Look {
  readonly well: boolean
  readonly seen: string
  /** It makes its way: as long as it does, patience does not run out. */
  readonly advances?: boolean
  /** Its Patroni does not answer. */
  readonly silent?: boolean
}

/** Waits until the container runs and is healthy; a node streams or leads again; an etcd member has a quorum to be in. */
export const waitUntilWell: Step<ServiceInput> = {
  name: 'wait-until-well',
  title: 'Wait until it is healthy',
  usualSeconds: 8,
  weight: 3,
  // What advances for longer is looked after by a person.
  deadlineMs: 2 * 3_600_000,

  async isDone(context) {
    return (await look(context)).well ? StepOutcome.DONE : StepOutcome.NOT_DONE
  },

  async run(context) {
    const { service } = context.input
    const startedAt = context.now().getTime()
    let advancedAt = startedAt
    let last = ''
    await pollUntil(context, {
      what: `${service} to be healthy`,
      timeoutMs: PATIENCE_MS,
      intervalMs: POLL_MS,
      async look() {
        const now = context.now().getTime()
        const { well, seen, advances, silent } = await look(context)
        if (seen !== last) context.log(`${service}: ${seen}`)
        last = seen
        if (well || (await isAsWellAsItCanBe(context, now - startedAt))) return null
        if (advances === true) advancedAt = now
        return {
          seen,
          mark: advancedAt,
          timeoutMs: patienceFor(context, silent === true),
          error: (waitedMs) => new NotWellError(service, seen, waitedMs / 1000),
        }
      },
    })
    return undefined
  },
}

function patienceFor({ layout, input }: Context, silent: boolean): number {
  if (roleOf(layout, input.service) !== ServiceRole.NODE) return PATIENCE_MS
  return silent ? SILENT_PATIENCE_MS : NODE_PATIENCE_MS
}

async function look(context: Context): Promise<Look> {
  const { service } = context.input
  const container = await context.clients.services.inspect(service)
  if (container.status !== 'running') {
    const code = container.exitCode === null ? '' : `, its last exit code ${container.exitCode}`
    return { well: false, seen: `its container is ${container.status}${code}` }
  }
  const node = nodeOf(context.layout, service)
  const detail = node === null ? null : await lookAtNode(context, node)
  if (container.health !== null && container.health !== 'healthy') {
    return { ...detail, well: false, seen: `its health check says ${container.health}${suffix(detail)}` }
  }
  if (detail !== null) return detail
  if (roleOf(context.layout, service) === ServiceRole.ETCD && !seesLeader(context, service)) {
    return { well: false, seen: 'the member sees no leader of etcd' }
  }
  return { well: true, seen: container.health === null ? 'its container runs' : 'its health check says healthy' }
}

async function lookAtNode(context: Context, node: string): Promise<Look> {
  await context.clients.refreshNode(node)
  const view = viewNode(context.cluster(), node)
  if (view === null) return { well: false, seen: 'it is not seen' }
  if (isLeading(view.role) && view.state === NodeState.RUNNING) return { well: true, seen: 'it leads' }
  if (view.state === NodeState.STREAMING) return { well: true, seen: 'it streams' }
  const advances = view.state === NodeState.CREATING_REPLICA || view.state === NodeState.IN_ARCHIVE_RECOVERY
  const silent = view.state === NodeState.UNREACHABLE
  const why = view.stateReason === null ? '' : ` (${view.stateReason})`
  return { well: false, seen: `PostgreSQL is ${view.state.toLowerCase().replaceAll('_', ' ')}${why}`, advances, silent }
}

function suffix(detail: Look | null): string {
  return detail === null ? '' : `, ${detail.seen}`
}

function seesLeader(context: Context, service: string): boolean {
  const member = context.layout.etcd.find((each) => each.service === service)
  const seen = context.cluster().etcd.find(({ name }) => name === member?.name)
  return seen !== undefined && seenNow(seen.status)?.hasLeader === true
}

/**
 * Whether it waits for something that only another start can bring. An etcd member that runs without the others is as
 * healthy as it can be; a node without etcd's quorum has failed: it serves nothing. It throws NoQuorumToJoinError then.
 */
async function isAsWellAsItCanBe(context: Context, waitedMs: number): Promise<boolean> {
  const { layout, input } = context
  const role = roleOf(layout, input.service)
  if (role === ServiceRole.NODE && waitedMs > NO_QUORUM_MS && !assessEtcd(context.cluster().etcd).hasQuorum) {
    throw new NoQuorumToJoinError(input.service)
  }
  if (role !== ServiceRole.ETCD || waitedMs < MEMBER_SETTLED_MS) return false
  const running = await runningMembers(context)
  const quorum = Math.floor(layout.etcd.length / 2) + 1
  if (!running.includes(input.service) || running.length >= quorum) return false
  const others = layout.etcd.map(({ service }) => service).filter((service) => !running.includes(service))
  const message = `${input.service} runs; etcd has its quorum when ${quorum - running.length} more of ${others.join(', ')} are started`
  context.log(message, LogLevel.WARNING)
  return true
}

async function runningMembers(context: Context): Promise<string[]> {
  const { services } = context.clients
  const looks = context.layout.etcd.map(async ({ service }) => {
    const status = await services.inspect(service).then(
      (container) => container.status,
      () => 'not seen',
    )
    return status === 'running' ? [service] : []
  })
  return (await Promise.all(looks)).flat()
}
