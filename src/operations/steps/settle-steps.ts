import { RecoveryStatus } from '../../domain/recovery.ts'
import type { StepContext } from '../context.ts'
import { type Step, StepOutcome } from '../define-operation.ts'
import { cutOverState, keepCutOver, targetService } from './cut-over-state.ts'
import { removeCopyOf } from './discard-data.ts'
import { readLeader } from './leadership.ts'
import { startEachPatroni, startPatroni } from './patroni-service.ts'
import { recoveredCopyOf } from './recovered-subject.ts'
import { previousDataOf, replayPrevious } from './replay-previous.ts'
import { settleRecovery } from './settle-recovery.ts'
import { startTarget, untilItLeads } from './start-target.ts'
import { stopCluster } from './stop-cluster.ts'
import { stopPatroni } from './stop-patroni.ts'
import { swapData } from './swap-data.ts'
import { swapBack, swapProgress } from './swap-directories.ts'
import { Course, courseOf, type SettleRequest, settlesUndo } from './take-up-recovery.ts'
import { liftGuard } from './timeline-guard.ts'

type Context = StepContext<SettleRequest>

/** The node has not led: what the operation did is taken back, as that would have done it, from wherever it was left. */
export const rollBack: Step<SettleRequest> = {
  name: 'roll-back',
  title: 'Bring back the data from before',
  irreversible: true,
  weight: 2,

  applies: (context) => courseOf(context) === Course.BACK,
  // Each part finds what is so already.
  done: async () => StepOutcome.NOT_DONE,

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

/** Somebody leads already, with the data from before: its keys in etcd are newer than those that the operation kept. */
async function goOnBesideLeader(context: Context): Promise<void> {
  const cutOver = cutOverState(context)
  await swapBack(context, cutOver)
  await startEachPatroni(context, cutOver.nodes ?? [])
  await liftGuard(context, cutOver)
}

/** The node has led: it goes on, and is not stopped for anything. */
export const leadOn: Step<SettleRequest> = {
  name: 'lead-on',
  title: 'See that the cluster is led with the recovered data',

  applies: (context) => courseOf(context) === Course.FORWARD,
  done: async () => StepOutcome.NOT_DONE,

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
export const recordOutcome: Step<SettleRequest> = {
  name: 'record-outcome',
  title: 'Record what it has come to',
  weight: 0.2,

  applies: (context) => courseOf(context) !== Course.NONE,
  done: async () => StepOutcome.NOT_DONE,

  async run(context) {
    switch (courseOf(context)) {
      case Course.REMOVE:
        await removeCopyOf(context, context.input.recovery)
        await context.recoveries.change(context.input.recovery, ENDED_EARLY)
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

const ENDED_EARLY = { status: RecoveryStatus.FAILED, connection: null, expiresAt: null }

async function recordRollBack(context: Context): Promise<undefined> {
  if (!settlesUndo(context)) {
    await recoveredCopyOf<SettleRequest>(({ input }) => input.recovery).giveUp(context)
    return undefined
  }
  await replayPrevious.undo?.(context)
  await previousDataOf.giveUp(context)
  return undefined
}
