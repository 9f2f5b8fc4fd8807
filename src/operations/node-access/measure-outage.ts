import type { RunningWriteProbe } from '../../clients/postgres/write-probe.ts'
import { LoginRefusedError } from '../../domain/cluster/login-refusal.ts'
import { messageOf, WaitTimeoutError } from '../../domain/errors.ts'
import { LogLevel } from '../../domain/operation/operation-events.ts'
import type { StepContext } from '../context.ts'
import { type Confirmed, confirmWrites } from './confirm-writes.ts'

type Context = StepContext<unknown>

/** Once the leader is there, a write must go through within this time. */
const WRITABLE_MS = 60_000

/** A probe that writes through HAProxy as an application does. The attempt that started it stops it, however it ends. */
export interface Measurement {
  readonly probe: RunningWriteProbe
  /** A write went through before anything was done: from the first failure on, the outage is this operation's. */
  readonly fromStart: boolean
}

export type Measured = Confirmed & {
  /** Seconds without a successful write, to the millisecond; null: not measured. */
  readonly seconds: number | null
}

/**
 * Starts to write, and waits for the first write: for as long as the probe does, or less. A cluster that takes no writes is
 * worked on all the same, and its outage is not measured.
 */
export async function startMeasuring(context: Context, firstWriteMs?: number): Promise<Measurement> {
  const probe = context.writeProbe.start()
  try {
    await (firstWriteMs === undefined ? probe.ready : Promise.race([probe.ready, giveUpAfter(context, firstWriteMs)]))
    return { probe, fromStart: true }
  } catch (error) {
    context.signal.throwIfAborted()
    // A login that is refused is reported after the change, where it still is, with what puts it right.
    if (!(error instanceof LoginRefusedError)) {
      const why = messageOf(error)
      context.log(`Writes through HAProxy fail already, so no outage is measured: ${why}`, LogLevel.WARNING)
    }
    return { probe, fromStart: false }
  }
}

/**
 * Waits until writes go through again, and logs for how long they failed. Where none does, the leader is asked itself: see
 * confirmWrites. The probe is stopped.
 */
export async function finishMeasuring(
  context: Context,
  { probe, fromStart }: Measurement,
  { leader, timeoutMs = WRITABLE_MS }: { readonly leader: string | null; readonly timeoutMs?: number },
): Promise<Measured> {
  try {
    const wait = () => probe.untilWritable(timeoutMs)
    const confirmed = await confirmWrites(context, { leader, wait, timeoutMs })
    if (confirmed.kind !== 'MEASURED' || !fromStart) return { ...confirmed, seconds: null }
    const { seconds, failedWrites, writes } = await probe.stop()
    // What failed while no worker was looking is not in it.
    const least = context.operation.attempt > 1 ? ' at least' : ''
    const counted = `(${failedWrites} failed, ${writes} succeeded)`
    context.log(`Writes through HAProxy failed for ${seconds.toFixed(2)} s${least} ${counted}`)
    return { ...confirmed, seconds: Math.round(seconds * 1000) / 1000 }
  } finally {
    await probe.stop()
  }
}

/**
 * Does the work while it measures for how long writes fail, and answers that; null: not measured. `work` answers who leads
 * after it. Throws what `work` throws, and WaitTimeoutError where the leader takes no writes.
 */
export async function measureOutage(
  context: Context,
  work: () => Promise<string | null>,
  { firstWriteMs, timeoutMs }: { readonly firstWriteMs?: number; readonly timeoutMs?: number } = {},
): Promise<number | null> {
  const measurement = await startMeasuring(context, firstWriteMs)
  try {
    const leader = await work()
    const measured = await finishMeasuring(context, measurement, {
      leader,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    })
    if (measured.kind === 'NO_WRITES') throw measured.error
    return measured.seconds
  } finally {
    await measurement.probe.stop()
  }
}

async function giveUpAfter(context: Context, timeoutMs: number): Promise<never> {
  await context.sleep(timeoutMs)
  throw new WaitTimeoutError('a first write', 'none went through', timeoutMs)
}
