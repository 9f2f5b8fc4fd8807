import { viewNode } from '../../../domain/cluster/node-view.ts'
import { formatLsn } from '../../../domain/wal/lsn.ts'
import type { StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { readNewLeader } from '../../leadership/leader-keys.ts'
import { measureOutage } from '../../node-access/measure-outage.ts'
import { leaderOf } from '../../node-access/node-health.ts'
import { restartPostgres, startKept } from '../restart-postgres.ts'
import type { RestartClusterInput } from './restart-cluster-input.ts'
import { type RestartClusterState, scopeOfRoll } from './roll.ts'
import { mustBeWell, rollOf } from './rolling-restart.ts'

type Context = StepContext<RestartClusterInput, RestartClusterState>

/**
 * Restarts the leader while it leads, for a parameter that was lowered: a replica that took over instead would lead with the
 * old value, since no replica runs with a lower one than its leader, and a promotion restarts nothing.
 */
export const restartLeaderInPlace: Step<RestartClusterInput, RestartClusterState> = {
  name: 'restart-leader-in-place',
  title: 'Restart the leader where it is',
  usualSeconds: 0,
  irreversible: true,

  scope: async (context) => scopeOfRoll({ ...(await rollOf(context)), replicas: [], replicasAfter: [] }),

  async isDone(context) {
    const { lowered } = await rollOf(context)
    return lowered.length === 0 || context.state().leaderLsn !== undefined ? StepOutcome.DONE : StepOutcome.NOT_DONE
  },

  async run(context) {
    const { leader, lowered, watched } = await rollOf(context)
    context.log(`${leader} is restarted while it leads: replicas take a lower ${lowered.join(', ')} only after it`)
    // Once it was asked for, the leader may be down, and replicas have nothing to stream from.
    if (startKept(context, leader) === undefined) await mustBeWell(context, watched, leader)
    const downtimeSeconds = await measureOutage(context, async () => {
      await restartPostgres(context, leader, { pendingOnly: false })
      return (await readNewLeader(context, null)) ?? leaderOf(context.cluster())
    })
    // Another one that leads by now has the old value: the replicas are not restarted for nothing.
    await mustBeWell(context, [leader], leader)
    await keepPosition(context, leader)
    return downtimeSeconds === null ? undefined : { downtimeSeconds }
  },
}

async function keepPosition(context: Context, leader: string): Promise<void> {
  await context.clients.refreshNode(leader)
  const lsn = formatLsn(viewNode(context.cluster(), leader)?.lsn ?? 0n)
  await context.keep({ leaderLsn: lsn }, `${leader} was restarted, and is at ${lsn}`)
}
