import { LoginRefusedError } from '../../domain/cluster/login-refusal.ts'
import { messageOf } from '../../domain/errors.ts'
import { LogLevel } from '../../domain/operation/operation-events.ts'
import type { StepContext } from '../context.ts'
import type { DowntimeState } from '../downtime.ts'
import { readNewLeader } from '../leadership/leader-keys.ts'
import { requireWrites, warnUnmeasured } from '../node-access/confirm-writes.ts'
import { leaderOf } from '../node-access/node-health.ts'

/** After the work is done a write must succeed within this long. */
const WRITABLE_MS = 60_000

type Context = StepContext<unknown, DowntimeState>

/**
 * Does the work while an application's writes are tried through HAProxy, waits until they succeed again, and saves how
 * long they failed. On a cluster that takes no writes before, the work is done all the same, unmeasured; and what
 * could not be measured is a warning: whether it is done, `work` and the leader itself say.
 */
export async function measureDowntime(context: Context, work: () => Promise<void>): Promise<void> {
  const probe = context.writeProbe.start()
  try {
    const unwritable: unknown = await probe.ready.then(
      () => null,
      (error: unknown) => error,
    )
    context.signal.throwIfAborted()
    await work()
    const leader = (await readNewLeader(context, null)) ?? leaderOf(context.cluster())
    if (unwritable instanceof LoginRefusedError) return warnUnmeasured(context, unwritable, leader)
    if (unwritable !== null) {
      const why = messageOf(unwritable)
      context.log(`Writes failed before as well, so no downtime was measured: ${why}`, LogLevel.WARNING)
      return
    }
    const wait = () => probe.untilWritable(WRITABLE_MS)
    if (!(await requireWrites(context, { leader, wait, timeoutMs: WRITABLE_MS }))) return
    const { seconds, failedWrites, writes } = await probe.stop()
    const rounded = Math.round(seconds * 100) / 100
    // What failed while no worker looked is not in it.
    const least = context.operation.attempt > 1 ? ' at the least' : ''
    const sentence = `Writes through HAProxy failed for ${rounded} s${least} (${failedWrites} failed, ${writes} succeeded)`
    await context.keep({ downtimeSeconds: rounded }, sentence)
  } finally {
    await probe.stop()
  }
}
