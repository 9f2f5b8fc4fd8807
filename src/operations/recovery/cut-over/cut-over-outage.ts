import { messageOf } from '../../../domain/errors.ts'
import { LogLevel } from '../../../domain/operation/operation-events.ts'
import { finishMeasuring, startMeasuring } from '../../node-access/measure-outage.ts'
import { type CutOverContext, cutOverState } from './cut-over-state.ts'

/** Starts to measure for how long writes fail, from this step into a later one. */
export async function beginOutage(context: CutOverContext): Promise<void> {
  // A worker that takes over may find a cluster that is stopped: waiting for a write would only prolong it.
  if (context.writeProbe.running() !== null || cutOverState(context).closedAt !== undefined) return
  const { probe, fromStart } = await startMeasuring(context)
  if (!fromStart) await probe.stop()
}

/**
 * Waits until writes go through HAProxy; answers how many seconds they failed, and null where that was not measured.
 * Whether the node that leads serves, it says itself: throws WaitTimeoutError only where it is still in recovery. A leader
 * that takes no writes is logged, and the cut-over goes on: its replicas may be what a commit waits for.
 */
export async function measureCutOver(context: CutOverContext): Promise<number | null> {
  const running = context.writeProbe.running()
  const measurement = { probe: running ?? context.writeProbe.start(), fromStart: running !== null }
  const { node: leader, closedAt } = cutOverState(context)
  const measured = await finishMeasuring(context, measurement, { leader })
  if (measured.kind === 'NO_WRITES') {
    if (measured.writing.kind === 'IN_RECOVERY') throw measured.error
    context.log(`${leader} leads, and takes no writes: ${messageOf(measured.error)}`, LogLevel.WARNING)
  }
  const lost = running === null && context.operation.attempt > 1
  if (measured.kind !== 'MEASURED' || !lost || closedAt === undefined) return measured.seconds
  // The worker that measured was lost: from when the leader was stopped to now is the most that it can have been.
  const most = (context.now().getTime() - Date.parse(closedAt)) / 1000
  context.log(`Writes through HAProxy failed for about ${most.toFixed(1)} s; a worker was lost in between`)
  return Math.round(most * 1000) / 1000
}

/** Gives the measurement up. */
export async function endOutage({ writeProbe }: CutOverContext): Promise<void> {
  await writeProbe.running()?.stop()
}
