import { LoginRefusedError } from '../../../domain/cluster/login-refusal.ts'
import { messageOf } from '../../../domain/errors.ts'
import { LogLevel } from '../../../domain/operation/operation-events.ts'
import { confirmWrites, warnUnmeasured } from '../../node-access/confirm-writes.ts'
import { leaderOf } from '../../node-access/node-health.ts'
import type { CutOverContext } from './cut-over-state.ts'
import { cutOverState } from './cut-over-state.ts'

const WRITABLE_MS = 60_000

/** Begins to write as an application would, from this step into a later one. What cannot be written to before is not measured. */
export async function beginOutage(context: CutOverContext): Promise<void> {
  // A worker that takes over may find a cluster that is stopped: waiting for a write would only prolong it.
  if (context.writeProbe.running() !== null || cutOverState(context).closedAt !== undefined) return
  const probe = context.writeProbe.start()
  try {
    await probe.ready
  } catch (error) {
    await probe.stop()
    context.signal.throwIfAborted()
    if (error instanceof LoginRefusedError) return warnUnmeasured(context, error, leaderOf(context.cluster()))
    context.log(`Writes failed before as well, so no downtime is measured: ${messageOf(error)}`, LogLevel.WARNING)
  }
}

/**
 * Waits until writes go through HAProxy; answers how many seconds they failed, and null where that was not measured.
 * Whether the node that leads serves, it says itself: throws WaitTimeoutError only where it is still in recovery. A leader
 * that takes no writes is logged, and the cut-over goes on: its replicas may be what a commit waits for.
 */
export async function measureOutage(context: CutOverContext): Promise<number | null> {
  const measured = context.writeProbe.running()
  const probe = measured ?? context.writeProbe.start()
  const { node: leader, closedAt } = cutOverState(context)
  const confirmed = await confirmWrites(context, {
    leader,
    wait: () => probe.untilWritable(WRITABLE_MS),
    timeoutMs: WRITABLE_MS,
  })
  if (confirmed.kind === 'NO_WRITES') {
    if (confirmed.writing.kind === 'IN_RECOVERY') throw confirmed.error
    context.log(`${leader} leads, and takes no writes: ${messageOf(confirmed.error)}`, LogLevel.WARNING)
  }
  if (confirmed.kind !== 'MEASURED') {
    await endOutage(context)
    return null
  }
  const { seconds, failedWrites } = await probe.stop()
  if (measured === null && closedAt !== undefined) {
    // The worker that measured was lost; from when the leader was stopped to now is the most that it can have been.
    const most = (context.now().getTime() - Date.parse(closedAt)) / 1000
    context.log(`Writes through HAProxy failed for about ${most.toFixed(1)} s; a worker was lost in between`)
    return Math.round(most * 100) / 100
  }
  context.log(`Writes through HAProxy failed for ${seconds.toFixed(2)} s (${failedWrites} failed)`)
  return Math.round(seconds * 100) / 100
}

/** Gives the probe up. */
export async function endOutage({ writeProbe }: CutOverContext): Promise<void> {
  await writeProbe.running()?.stop()
}
