import { z } from 'zod'
import { viewNode } from '../../../domain/cluster/node-view.ts'
import { LogLevel } from '../../../domain/operation/operation-events.ts'
import type { StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { downtimeState } from '../../downtime.ts'
import { readNewLeader } from '../../leadership/leader-keys.ts'
import { measureOutage } from '../../node-access/measure-outage.ts'
import { leaderOf, whyNotWell } from '../../node-access/node-health.ts'
import { findStillPending } from '../find-still-pending.ts'
import { hasRestarted, keepStart, restartPostgres, restartState, startKept } from '../restart-postgres.ts'
import { LEADER_FIRST_HINT, waitsForLeader } from './leader-first.ts'
import type { RestartNodeInput } from './restart-node-input.ts'

/** What restartNode keeps. */
export const restartNodeState = z.object({ ...restartState.shape, ...downtimeState.shape })

/** Restarts the node's PostgreSQL; on the leader it measures how long writes fail. */
export const restartNodeStep: Step<RestartNodeInput, z.output<typeof restartNodeState>> = {
  name: 'restart',
  title: 'Restart PostgreSQL',
  usualSeconds: 2,
  pointOfNoReturn: true,

  async isDone(context) {
    const { node, pendingOnly } = context.input
    if (context.operation.attempt > 1 && startKept(context, node) !== undefined) {
      const restarted = await hasRestarted(context, node, await keepStart(context, node))
      return restarted && whyNotWell(context.cluster(), node) === null ? StepOutcome.DONE : StepOutcome.NOT_DONE
    }
    if (pendingOnly !== true) return StepOutcome.NOT_DONE
    await context.clients.refreshNode(node)
    return viewNode(context.cluster(), node)?.pendingRestart === true ? StepOutcome.NOT_DONE : StepOutcome.DONE
  },

  async run(context) {
    const { node, pendingOnly } = context.input
    const restart = () => restartPostgres(context, node, { pendingOnly: pendingOnly === true })
    const leads = leaderOf(context.cluster()) === node
    if (!leads) {
      await restart()
      await warnOfPending(context, node)
      return undefined
    }
    const downtimeSeconds = await measureOutage(context, async () => {
      await restart()
      return (await readNewLeader(context, null)) ?? leaderOf(context.cluster())
    })
    const now = leaderOf(context.cluster())
    if (now !== node) context.log(`${now ?? 'No node'} leads now: ${node} was away for too long`, LogLevel.WARNING)
    await warnOfPending(context, node)
    return downtimeSeconds === null ? undefined : { downtimeSeconds }
  },
}

/** It was restarted, and that succeeded; what it was restarted for may not be in force for all that. */
async function warnOfPending(context: StepContext<unknown>, node: string): Promise<void> {
  const after = waitsForLeader(context.cluster(), node)
  if (after.length > 0) {
    context.log(`${node} goes on without a lower ${after.join(', ')}: ${LEADER_FIRST_HINT}`, LogLevel.WARNING)
    return
  }
  const pending = await findStillPending(context, [node])
  if (pending === null) return
  const why =
    'if the configuration was not changed meanwhile, PostgreSQL may not take the value: see the logs of the node'
  context.log(
    `It was restarted, and a restart is pending still on ${pending.nodes.join('; ')}: ${why}`,
    LogLevel.WARNING,
  )
}
