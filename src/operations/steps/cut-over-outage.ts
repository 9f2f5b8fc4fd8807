import { messageOf } from '../../domain/errors.ts'
import { LogLevel } from '../../domain/operation-events.ts'
import type { RunningWriteProbe } from '../clients/write-probe.ts'
import type { StepContext } from '../context.ts'
import { cutOverState } from './cut-over-state.ts'

/** The probe of an operation that this worker cuts over; it writes from one step into another. */
const probes = new Map<string, RunningWriteProbe>()
const WRITABLE_MS = 60_000

/** Begins to write as an application would. What cannot be written to before is not measured. */
export async function beginOutage(context: StepContext<unknown>): Promise<void> {
  const { id } = context.operation
  // Whoever takes over may find a cluster that is stopped: waiting for a write would only prolong it.
  if (probes.has(id) || cutOverState(context).closedAt !== undefined) return
  const probe = context.clients.writeProbe.start()
  try {
    await probe.ready
    probes.set(id, probe)
  } catch (error) {
    await probe.stop()
    context.signal.throwIfAborted()
    context.log(`Nobody could write before either, so no downtime is measured: ${messageOf(error)}`, LogLevel.WARNING)
  }
}

/** Waits until writes go through HAProxy; answers for how many seconds they failed. */
export async function measureOutage(context: StepContext<unknown>): Promise<number> {
  const measured = probes.get(context.operation.id)
  const probe = measured ?? context.clients.writeProbe.start()
  probes.set(context.operation.id, probe)
  await probe.untilWritable(WRITABLE_MS)
  const { seconds, failedWrites } = await probe.stop()
  probes.delete(context.operation.id)
  const { closedAt } = cutOverState(context)
  if (measured === undefined && closedAt !== undefined) {
    // The worker that measured was lost; from when the leader was stopped to now is the most that it can have been.
    const most = (context.now().getTime() - Date.parse(closedAt)) / 1000
    context.log(`Writes through HAProxy failed for about ${most.toFixed(1)} s; a worker was lost in between`)
    return Math.round(most * 100) / 100
  }
  context.log(`Writes through HAProxy failed for ${seconds.toFixed(2)} s (${failedWrites} failed)`)
  return Math.round(seconds * 100) / 100
}

/** Gives the probe up. */
export async function endOutage({ operation }: StepContext<unknown>): Promise<void> {
  await probes.get(operation.id)?.stop()
  probes.delete(operation.id)
}
