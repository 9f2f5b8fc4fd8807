import { assessSwitchover } from '../../../domain/cluster/switchover-eligibility.ts'
import type { StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { whyNotWellNow } from '../../node-access/node-health.ts'
import { pollUntil } from '../../poll-until.ts'
import { measureDowntime } from '../measure-downtime.ts'
import { LeaderNotMovedError } from '../node-errors.ts'
import { hasRestarted, keepStart, restartPostgres, startKept } from '../restart-postgres.ts'
import { bestCandidate, isWritableElsewhere, movedFrom, moveLeader, switchoverSettled } from './move-leader.ts'
import type { RestartClusterInput } from './restart-cluster-input.ts'
import { mustBeWell, type RestartClusterState, rollOf, scopeOfRoll } from './rolling-restart.ts'

const REJOIN_MS = 5 * 60_000

/** A switchover to the best of the replicas, so that the old leader can be restarted while clients go on. */
export const switchRolledLeader: Step<RestartClusterInput, RestartClusterState> = {
  name: 'switch-leader',
  title: 'Switch over to a replica',
  usualSeconds: 3,
  irreversible: true,

  scope: async (context) => scopeOfRoll({ ...(await rollOf(context)), replicas: [] }),

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
      await switchoverSettled(context)
      if (await movedFrom(context, leader)) {
        return void (await measureDowntime(context, async () => void (await moveLeader(context, leader, null))))
      }
    }
    const others = context.layout.nodes.map(({ name }) => name).filter((name) => name !== leader)
    await mustBeWell(context, watched, leader)
    // Rather one that runs with the new configuration already.
    const candidate = bestCandidate(context.cluster(), replicas) ?? bestCandidate(context.cluster(), others)
    if (candidate === null) {
      const reasons = others.flatMap((name) => assessSwitchover(context.cluster(), name).reasons)
      throw new LeaderNotMovedError(leader, `no replica may take over. ${reasons.join(' ')}`)
    }
    // The old leader comes back as a replica, its PostgreSQL restarted: the next step looks for that.
    await keepStart(context, leader)
    await measureDowntime(context, async () => void (await moveLeader(context, leader, candidate)))
    return undefined
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
