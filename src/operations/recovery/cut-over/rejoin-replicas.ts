import { NodeState } from '../../../domain/cluster/node.ts'
import { messageOf, UnreachableError, WaitTimeoutError } from '../../../domain/errors.ts'
import { seenNow } from '../../../domain/observed.ts'
import { LogLevel } from '../../../domain/operation/operation-events.ts'
import { liftHowdahsGuard } from '../../configuration/timeline-guard.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { serviceOf, snapshotOf, whyNotServing } from '../../node-access/node-health.ts'
import { startPatroni } from '../../node-access/patroni-service.ts'
import { pollUntil } from '../../poll-until.ts'
import type { CutOverContext, CutOverOperationState } from './cut-over-state.ts'
import { cutOverState } from './cut-over-state.ts'
import { seeThatLeads } from './lead-again.ts'

type Context = CutOverContext

/** Patroni rewinds within seconds where it can; one that does not stream after this long cannot. */
const REWIND_MS = 45_000
/** Without another byte for this long, a copy is left to Patroni, and to the operator: cluster.health shows it. */
const STALLED_MS = 10 * 60_000
const POLL_MS = 500

/**
 * Makes replicas of the other nodes again: rewound, or copied where their WAL does not reach back to the fork. The
 * cluster serves meanwhile; a node that does not rejoin is logged, and the cut-over stands.
 */
export const rejoinReplicas: Step<unknown, CutOverOperationState> = {
  name: 'rejoin-replicas',
  title: 'Make replicas of the other nodes',
  usualSeconds: 12,
  weight: 3,

  isDone: async () => StepOutcome.NOT_DONE,

  async run(context) {
    const { node, nodes = [] } = cutOverState(context)
    const others = nodes.filter((name) => name !== node)
    const led = seeThatLeads(context, node)
    const joined = await Promise.allSettled(others.map((name) => rejoin(context, name, led)))
    context.signal.throwIfAborted()
    await led()
    joined.forEach((result, index) => {
      if (result.status === 'fulfilled') return
      context.log(
        `${others[index]} does not follow yet: ${messageOf(result.reason)}. reinitializeNode(input: {node: "${others[index]}", confirm: "${context.cluster().name}"}) copies it again.`,
        LogLevel.WARNING,
      )
    })
    // Those that did not run when the cluster was stopped, too.
    const leftOut = context.layout.nodes.some(({ name }) => !nodes.includes(name))
    // While a node still has the abandoned history it stays on: without a leader nothing else excludes that node.
    if (!leftOut && joined.every(({ status }) => status === 'fulfilled')) await liftHowdahsGuard(context)
    else {
      const until = 'until every node follows; Howdah then takes it off by itself'
      context.log(
        `A node that does not follow must not lead: Patroni's check_timeline stays on ${until}`,
        LogLevel.WARNING,
      )
    }
    return undefined
  },
}

async function rejoin(context: Context, name: string, led: () => Promise<boolean>): Promise<void> {
  await startPatroni(context, serviceOf(context.layout, name))
  if (await streamsWithin(context, { name, led, timeoutMs: REWIND_MS })) {
    context.log(`${name} streams on the new timeline`)
    return
  }
  context.log(`${name} could not be rewound; copying the leader's data to it`)
  await context.checkFence()
  const { status, text } = await context.clients.patroni.reinitialize(name, { force: true })
  if (status !== 200) throw new UnreachableError(`Patroni ${name}`, text)
  await streamsWithin(context, { name, led, timeoutMs: null })
  context.log(`${name} has a new copy and streams`)
}

/**
 * Whether it does in time; without a time, waits for as long as bytes come. The time without a leader does not count.
 * Throws WaitTimeoutError when they end.
 */
async function streamsWithin(
  context: Context,
  { name, led, timeoutMs }: { name: string; led: () => Promise<boolean>; timeoutMs: number | null },
): Promise<boolean> {
  let ledAgainAt = context.now().getTime()
  let copying = false
  const look = async () => {
    if (await led()) ledAgainAt = context.now().getTime()
    await context.clients.refreshNode(name)
    const why = whyNotServing(context.cluster(), name)
    if (why === null) return null
    const node = snapshotOf(context.cluster(), name)
    copying = node !== undefined && seenNow(node.patroni)?.state === NodeState.CREATING_REPLICA
    const sent = copying ? await context.clients.readReplicaCreation(name).catch(() => null) : null
    // A copy that Patroni began by itself is waited for as well.
    const isPatient = copying || timeoutMs === null
    return {
      seen: why,
      mark: isPatient ? `${ledAgainAt} ${why} ${sent?.bytesStreamed ?? ''}` : ledAgainAt,
      ...(!isPatient && { timeoutMs }),
      ...(sent !== null && {
        progress: { bytesDone: sent.bytesStreamed, bytesTotal: sent.bytesTotal, message: `${name}: ${sent.phase}` },
      }),
    }
  }
  try {
    await pollUntil(context, { what: `${name} to stream`, timeoutMs: STALLED_MS, intervalMs: POLL_MS, look })
    return true
  } catch (error) {
    if (!(error instanceof WaitTimeoutError) || copying || timeoutMs === null) throw error
    return false
  }
}
