import { RecoveryStatus } from '../../../domain/recovery/recovery.ts'
import { liftGuard } from '../../configuration/timeline-guard.ts'
import type { StepContext } from '../../context.ts'
import { type Step, StepOutcome } from '../../define-operation.ts'
import { readLeader } from '../../leadership/leader-keys.ts'
import { startEachPatroni, startPatroni } from '../../node-access/patroni-service.ts'
import { stopPatroni } from '../../node-access/stop-patroni.ts'
import { removeCopyOf } from '../copy/remove-copy.ts'
import type { CutOverOperationState } from '../cut-over/cut-over-state.ts'
import { cutOverState, keepCutOver, targetService } from '../cut-over/cut-over-state.ts'
import { settleRecovery } from '../cut-over/record-outcome.ts'
import { recoveredCopyOf } from '../cut-over/recovered-copy-subject.ts'
import { startTarget, untilItLeads } from '../cut-over/start-target.ts'
import { stopCluster } from '../cut-over/stop-cluster.ts'
import { swapData } from '../cut-over/swap-data.ts'
import { swapBack, swapProgress } from '../cut-over/swap-directories.ts'
import type { RecoveryOperationInput } from '../recovery-operation-input.ts'
import { previousDataOf, replayPrevious } from '../undo-recovery/replay-previous.ts'
import type { SettleRecoveryState } from './take-up-recovery.ts'
import { Course, courseOf, settlesUndo } from './take-up-recovery.ts'

type Context = StepContext<RecoveryOperationInput, SettleRecoveryState>

/** On another course there is nothing for the step to do. */
function onlyOn(context: Context, course: Course): StepOutcome {
  return courseOf(context) === course ? StepOutcome.NOT_DONE : StepOutcome.DONE
}

/** A step of a cut-over that completes it: where the cut-over is not completed there is nothing for it to do. */
export function whereCompleted(
  step: Step<unknown, CutOverOperationState>,
): Step<RecoveryOperationInput, SettleRecoveryState> {
  return {
    ...step,
    async isDone(context) {
      if (courseOf(context) !== Course.FORWARD) return StepOutcome.DONE
      return (await step.isDone?.(context)) ?? StepOutcome.NOT_DONE
    },
  }
}

/** The node has not led: what the operation did is undone, as that would have done it, from wherever it was left. */
export const rollBack: Step<RecoveryOperationInput, SettleRecoveryState> = {
  name: 'roll-back',
  title: 'Bring back the data from before',
  irreversible: true,
  weight: 2,

  // Each part finds what is so already.
  isDone: async (context) => onlyOn(context, Course.BACK),

  async run(context) {
    const progress = await swapProgress(context, cutOverState(context))
    // Throws where it has begun to lead since: the next look then finds that it has.
    if (progress === 'SWAPPED') await startTarget.undo?.(context)
    if (progress === 'HALF') await stopPatroni(context, targetService(context), { clean: false })
    if ((await readLeader(context)) === null) {
      await swapData.undo?.(context)
      await stopCluster.undo?.(context)
    } else {
      await goOnBesideLeader(context)
    }
    return undefined
  },
}

/** A node leads already, with the data from before: its keys in etcd are newer than those that the operation kept. */
async function goOnBesideLeader(context: Context): Promise<void> {
  const cutOver = cutOverState(context)
  await swapBack(context, cutOver)
  await startEachPatroni(context, cutOver.nodes ?? [])
  await liftGuard(context, cutOver)
}

/** The node has led: it goes on, and is not stopped for anything. */
export const leadOn: Step<RecoveryOperationInput, SettleRecoveryState> = {
  name: 'lead-on',
  title: 'See that the cluster is led with the recovered data',

  isDone: async (context) => onlyOn(context, Course.FORWARD),

  async run(context) {
    const { node, cutOverAt } = cutOverState(context)
    await startPatroni(context, targetService(context))
    if ((await readLeader(context)) === null) await untilItLeads(context)
    const led = { cutOverAt: cutOverAt ?? context.now().toISOString() }
    await keepCutOver(context, led, `${node} has led with the recovered data; ${await readLeader(context)} leads now`)
    return undefined
  },
}

/** Records what it has come to. An undo that was rolled back can be asked for again: its data is kept. */
export const recordOutcome: Step<RecoveryOperationInput, SettleRecoveryState> = {
  name: 'record-outcome',
  title: 'Record what it has come to',
  weight: 0.2,

  isDone: async (context) => (courseOf(context) === Course.NONE ? StepOutcome.DONE : StepOutcome.NOT_DONE),

  async run(context) {
    switch (courseOf(context)) {
      case Course.REMOVE:
        await removeCopyOf(context, context.input.recovery, RecoveryStatus.FAILED)
        return undefined
      case Course.BACK:
        return recordRollBack(context)
      case Course.FORWARD: {
        const status = settlesUndo(context) ? RecoveryStatus.UNDONE : RecoveryStatus.COMPLETED
        return settleRecovery(status).run(context)
      }
      default:
        return undefined
    }
  },
}

async function recordRollBack(context: Context): Promise<undefined> {
  if (!settlesUndo(context)) {
    await recoveredCopyOf<RecoveryOperationInput>(({ input }) => input.recovery).giveUp(context)
    return undefined
  }
  await replayPrevious.undo?.(context)
  await previousDataOf.giveUp(context)
  return undefined
}
