import { viewNode } from '../../../domain/cluster/node-view.ts'
import { formatLsn, parseLsn } from '../../../domain/wal/lsn.ts'
import type { StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { leaderOf, whyNotWellNow } from '../../node-access/node-health.ts'
import { pollUntil } from '../../poll-until.ts'
import { ClusterUnhealthyError } from '../node-errors.ts'
import { restartPostgres, startKept } from '../restart-postgres.ts'
import type { RestartClusterInput } from './restart-cluster-input.ts'
import { orderOfRoll, planRoll, type RestartClusterState, type Roll, scopeOfRoll } from './roll.ts'

type Context = StepContext<RestartClusterInput, RestartClusterState>

/** A node may lag for a moment under load before it counts as unhealthy. */
const GRACE_MS = 60_000

/** Restarts them one by one; each streams without lag before the next. A worker that takes over goes on at the next. */
export const restartReplicas = restartOneByOne({
  name: 'restart-replicas',
  title: 'Restart the replicas, one by one',
  nodesOf: ({ replicas }) => replicas,
  key: 'restarted',
  left: (roll, replicas) => ({ ...roll, replicas }),
})

/** The same after a leader that was restarted while it led. */
export const restartReplicasAfter = restartOneByOne({
  name: 'restart-replicas-after',
  title: 'Restart the replicas after it, one by one',
  nodesOf: ({ replicasAfter }) => replicasAfter,
  key: 'restartedAfter',
  left: (roll, replicasAfter) => ({ ...roll, replicas: [], lowered: [], replicasAfter }),
  async beforeEach(context, name) {
    // Its own control file has the leader's values once it has replayed that they changed.
    const wanted = context.state().leaderLsn
    if (wanted === undefined) return
    const look = async () => {
      await context.clients.refreshNode(name)
      const replayed = viewNode(context.cluster(), name)?.replayedLsn ?? null
      if (replayed !== null && replayed >= parseLsn(wanted)) return null
      return `it has replayed up to ${replayed === null ? 'an unknown position' : formatLsn(replayed)}`
    }
    await pollUntil(context, { what: `${name} to replay up to ${wanted}`, timeoutMs: GRACE_MS, look })
  },
})

function restartOneByOne(request: {
  readonly name: string
  readonly title: string
  readonly nodesOf: (roll: Roll) => string[]
  readonly key: 'restarted' | 'restartedAfter'
  /** What is left of the roll with these nodes. */
  readonly left: (roll: Roll, nodes: string[]) => Roll
  readonly beforeEach?: (context: Context, node: string) => Promise<void>
}): Step<RestartClusterInput, RestartClusterState> {
  const { nodesOf, key } = request
  const restartedOf = (context: Context): readonly string[] => context.state()[key] ?? []
  return {
    name: request.name,
    title: request.title,
    weight: 3,
    irreversible: true,

    async scope(context) {
      const roll = await rollOf(context)
      const restarted = restartedOf(context)
      return scopeOfRoll(
        request.left(
          roll,
          nodesOf(roll).filter((name) => !restarted.includes(name)),
        ),
      )
    },

    async isDone(context) {
      const nodes = nodesOf(await rollOf(context))
      return nodes.every((name) => restartedOf(context).includes(name)) ? StepOutcome.DONE : StepOutcome.NOT_DONE
    },

    async run(context) {
      const roll = await rollOf(context)
      const nodes = nodesOf(roll)
      for (const name of nodes) {
        const restarted = restartedOf(context)
        if (restarted.includes(name)) continue
        const at = `${restarted.length} of ${nodes.length} replicas restarted, now ${name}`
        context.progress({ percent: (100 * restarted.length) / nodes.length, message: at })
        // The node that an earlier attempt was at may be starting just now.
        const begun = startKept(context, name) !== undefined
        const others = begun ? roll.watched.filter((each) => each !== name) : roll.watched
        await mustBeWell(context, others, roll.leader)
        if (!begun) await request.beforeEach?.(context, name)
        await restartPostgres(context, name, { pendingOnly: false })
        // It may be its turn once more, and is compared with this start then.
        const { [name]: _, ...startedBefore } = context.state().startedBefore ?? {}
        await context.keep(
          { [key]: [...restarted, name], startedBefore },
          `${name} was restarted and streams without lag`,
        )
      }
      context.progress({ percent: 100, message: `${nodes.length} of ${nodes.length} replicas restarted` })
      return undefined
    },
  }
}

/** What was planned when it began, kept for every later step and worker. */
export async function rollOf(context: Context): Promise<Roll> {
  const kept = context.state().roll
  if (kept !== undefined) return kept
  await Promise.all(context.layout.nodes.map(({ name }) => context.clients.refreshNode(name)))
  const roll = planRoll(context.cluster(), context.input)
  await context.keep({ roll }, `To restart, in this order: ${orderOfRoll(roll).join(', ') || 'none'}`)
  return roll
}

/** Throws ClusterUnhealthyError when one of the nodes does not become healthy soon, or another node leads. */
export async function mustBeWell(context: Context, nodes: readonly string[], leader: string): Promise<void> {
  let reasons: string[] = []
  const look = async () => {
    const now = leaderOf(context.cluster())
    const moved = now === leader ? [] : [`${now ?? 'no node'} leads instead of ${leader}`]
    const each = await Promise.all(nodes.map((name) => whyNotWellNow(context, name)))
    reasons = [...moved, ...each.filter((why) => why !== null)]
    return reasons.length === 0 ? null : reasons.join('; ')
  }
  try {
    await pollUntil(context, { what: 'every other node to be healthy', timeoutMs: GRACE_MS, look })
  } catch (error) {
    context.signal.throwIfAborted()
    if (reasons.length === 0) throw error
    throw new ClusterUnhealthyError(reasons)
  }
}
