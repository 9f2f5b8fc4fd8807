import { messageOf, NotFoundError, WaitTimeoutError } from '../../../domain/errors.ts'
import { LogLevel } from '../../../domain/operation/operation-events.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { readLeader } from '../../leadership/leader-keys.ts'
import { readLiveDirectory } from '../../node-access/control-data.ts'
import { serviceOf } from '../../node-access/node-health.ts'
import { isKeptDownByPerson, startEachPatroni, startPatroni } from '../../node-access/patroni-service.ts'
import { stopPatroni } from '../../node-access/stop-patroni.ts'
import { lateAfter } from '../../poll-until.ts'
import { NotRolledBackError, TimelineTakenError } from './cut-over-errors.ts'
import { beginOutage, endOutage } from './cut-over-outage.ts'
import type { CutOverContext, CutOverOperationState } from './cut-over-state.ts'
import { cutOverState, findCutOver, keepCutOver, required } from './cut-over-state.ts'
import { secureArchive } from './secure-archive.ts'
import { takeBackKeys } from './swap-data.ts'

type Context = CutOverContext

const LEAD_MS = 120_000
const POLL_MS = 100

/**
 * Closes the write path: every Patroni is stopped, the replicas first, so that none is elected when the leader stops.
 * The leader shuts down cleanly, which closes and archives its last segment: what is given up stays recoverable.
 */
export const stopCluster: Step<unknown, CutOverOperationState> = {
  name: 'stop-cluster',
  title: 'Stop the cluster, with all of its WAL in the archive',
  usualSeconds: 4,
  weight: 2,
  irreversible: true,

  isDone: async (context) => (findCutOver(context)?.ended === undefined ? StepOutcome.NOT_DONE : StepOutcome.DONE),

  async run(context) {
    const leader = await keepLeader(context)
    const { nodes = [] } = cutOverState(context)
    const service = serviceOf(context.layout, leader)
    const directory = await readLiveDirectory(context, service)
    await beginOutage(context)
    const replicas = nodes.filter((name) => name !== leader)
    const stops = await Promise.allSettled(
      replicas.map((name) => stopPatroni(context, serviceOf(context.layout, name), { clean: false })),
    )
    for (const stop of stops) if (stop.status === 'rejected') throw stop.reason
    const closedAt = cutOverState(context).closedAt ?? context.now().toISOString()
    await keepCutOver(context, { closedAt }, `The replicas are stopped; stopping ${leader}, which leads`)
    await stopPatroni(context, service, { clean: true })
    const ended = await secureArchive(context, { name: leader, service, directory })
    const copyTimeline = required(cutOverState(context).copyTimeline, 'the copy')
    if (ended.timeline >= copyTimeline) throw new TimelineTakenError(copyTimeline, ended.timeline)
    await keepCutOver(
      context,
      { ended },
      `The cluster ended at ${ended.lsn} on timeline ${ended.timeline}; ${ended.lastWal} is in the archive`,
    )
    return undefined
  },

  /** The cluster goes on where it was: its leader first, so that no node with less WAL is elected. */
  async undo(context) {
    await endOutage(context)
    const { leader, nodes = [] } = findCutOver(context) ?? {}
    if (leader === undefined) return
    await startPatroni(context, serviceOf(context.layout, leader)).catch((error: unknown) => {
      context.log(`${leader}, which led, does not start: ${messageOf(error)}`, LogLevel.WARNING)
    })
    const led = await untilANodeLeads(context)
    // Without etcd no node leads, and what the swap had written there is there still.
    if (led !== null) await takeBackKeys(context)
    const others = nodes.filter((name) => name !== leader)
    await startEachPatroni(context, others)
    const why = led === null ? null : await untilANodeLeads(context)
    if (why !== null) throw new NotRolledBackError(why, cutOverState(context).recovery)
  },
}

/** Who leads, and which nodes run: as it was before anything was stopped. */
async function keepLeader(context: Context): Promise<string> {
  const kept = cutOverState(context).leader
  if (kept !== undefined) return kept
  const leader = await readLeader(context)
  if (leader === null) throw new WaitTimeoutError('a leader to stop', 'no node leads', 0)
  const running = await Promise.all(
    context.layout.nodes.map(async ({ name, service }) => ((await isToBeStopped(context, service)) ? [name] : [])),
  )
  await keepCutOver(
    context,
    { leader, nodes: running.flat() },
    `${leader} leads; stopping ${running.flat().join(', ')}`,
  )
  return leader
}

/** Not one that does not run, has no container at all, or is kept down by a person: that stays as it is. */
async function isToBeStopped({ clients: { services, nodeData } }: Context, service: string): Promise<boolean> {
  try {
    const { status } = await services.inspect(service)
    return status === 'running' && !(await isKeptDownByPerson(nodeData(service)))
  } catch (error) {
    if (error instanceof NotFoundError) return false
    throw error
  }
}

/** Null when a node leads; else what was last seen. */
async function untilANodeLeads(context: Context): Promise<string | null> {
  const look = async () => {
    try {
      return (await readLeader(context)) === null ? 'no leader key' : null
    } catch (error) {
      return messageOf(error)
    }
  }
  return lateAfter(context, { what: 'a leader', timeoutMs: LEAD_MS, intervalMs: POLL_MS, look })
}
