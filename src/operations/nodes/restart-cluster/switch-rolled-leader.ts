import { bestForSwitchover } from '../../../domain/cluster/switchover-eligibility.ts'
import type { StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { awaitAskedChange, changeLeader, nodeReasons, SWITCHOVER_MS } from '../../leadership/change-leader.ts'
import { NoCandidateError } from '../../leadership/leader-errors.ts'
import { readLeader } from '../../leadership/leader-keys.ts'
import { requireWrites } from '../../node-access/confirm-writes.ts'
import { whyNotWellNow } from '../../node-access/node-health.ts'
import { pollUntil } from '../../poll-until.ts'
import { hasRestarted, keepStart, restartPostgres, startKept } from '../restart-postgres.ts'
import type { RestartClusterInput } from './restart-cluster-input.ts'
import { type RestartClusterState, scopeOfRoll } from './roll.ts'
import { mustBeWell, rollOf } from './rolling-restart.ts'

const REJOIN_MS = 5 * 60_000

/** A switchover to the best of the replicas, so that the old leader can be restarted while clients go on. */
export const switchRolledLeader: Step<RestartClusterInput, RestartClusterState> = {
  name: 'switch-leader',
  title: 'Switch over to a replica',
  usualSeconds: 3,
  irreversible: true,

  scope: async (context) => scopeOfRoll({ ...(await rollOf(context)), replicas: [], replicasAfter: [] }),

  async isDone(context) {
    const { leader, restartsLeader } = await rollOf(context)
    if (!restartsLeader) return StepOutcome.DONE
    return begun(context, leader) && (await isWritableElsewhere(context, leader))
      ? StepOutcome.DONE
      : StepOutcome.NOT_DONE
  },

  async run(context) {
    const { leader, replicas, watched } = await rollOf(context)
    if (begun(context, leader)) {
      const asked = { from: leader, candidate: null, timeoutMs: SWITCHOVER_MS }
      const moved = await awaitAskedChange(context, asked)
      if (moved !== null) return void (await requireWrites(context, moved))
    }
    await mustBeWell(context, watched, leader)
    // Rather one that runs with the new configuration already.
    const candidate = bestForSwitchover(context.cluster(), replicas) ?? bestForSwitchover(context.cluster())
    if (candidate === null) throw new NoCandidateError(null, nodeReasons(context))
    const { downtimeSeconds } = await changeLeader(context, {
      from: leader,
      candidate,
      // The demotion restarts PostgreSQL on the old leader: the next step compares with when it had started.
      keepAsked: () => keepStart(context, leader),
      ask: () => context.clients.patroni.switchover(leader, { leader, candidate, at: null }),
      timeoutMs: SWITCHOVER_MS,
    })
    return downtimeSeconds === null ? undefined : { downtimeSeconds }
  },
}

function begun(context: StepContext<unknown, RestartClusterState>, leader: string): boolean {
  return startKept(context, leader) !== undefined
}

/** The demotion restarts the old leader's PostgreSQL: only where it did not, it is restarted as the others were. */
export const restartOldLeader: Step<RestartClusterInput, RestartClusterState> = {
  name: 'restart-old-leader',
  title: 'Restart the old leader',
  usualSeconds: 3,
  irreversible: true,

  async isDone(context) {
    const { restartsLeader } = await rollOf(context)
    return restartsLeader ? StepOutcome.NOT_DONE : StepOutcome.DONE
  },

  async run(context) {
    const { leader } = await rollOf(context)
    const look = () => whyNotWellNow(context, leader)
    await pollUntil(context, { what: `${leader} to stream from the new leader`, timeoutMs: REJOIN_MS, look })
    if (await hasRestarted(context, leader, await keepStart(context, leader))) {
      context.log(`${leader} was restarted with its demotion and streams from the new leader`)
    } else {
      await restartPostgres(context, leader, { pendingOnly: false })
    }
    return undefined
  },
}

/** Whether another node leads, and serves as a leader does. */
async function isWritableElsewhere(context: StepContext<unknown>, from: string): Promise<boolean> {
  const leader = await readLeader(context)
  return leader !== null && leader !== from && (await whyNotWellNow(context, leader)) === null
}
