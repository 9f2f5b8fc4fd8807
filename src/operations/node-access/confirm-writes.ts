import { cureOf, LoginRefusedError } from '../../domain/cluster/login-refusal.ts'
import { messageOf, WaitTimeoutError } from '../../domain/errors.ts'
import { LogLevel } from '../../domain/operation/operation-events.ts'
import type { StepContext } from '../context.ts'
import { pollUntil } from '../poll-until.ts'
import { serviceOf } from './node-health.ts'
import { readWritingIfAnswering, type Writing } from './node-socket.ts'

type Context = StepContext<unknown>

const POLL_MS = 500
const WRITABLE_MS = 10_000

/** How it stands with writes after the leader has changed or was restarted. */
export type Confirmed =
  /** A write went through HAProxy, as an application's does. */
  | { readonly kind: 'MEASURED' }
  /** The leader takes writes; that Howdah's own did not get there is logged as a warning, and is no failure. */
  | { readonly kind: 'UNMEASURED' }
  /** The leader itself says that it takes none, and nothing was logged yet. */
  | { readonly kind: 'NO_WRITES'; readonly writing: Writing; readonly error: WaitTimeoutError }

/**
 * Waits for a write of the probe. What it measures decides nothing: where no write comes through, the node that holds the
 * leader key (null: unknown) is asked over its own socket. Throws what `wait` throws where no node can be asked
 * and no server has answered the probe.
 */
export async function confirmWrites(
  context: Context,
  {
    leader,
    wait,
    timeoutMs,
  }: { readonly leader: string | null; readonly wait: () => Promise<void>; readonly timeoutMs: number },
): Promise<Confirmed> {
  try {
    await wait()
    return { kind: 'MEASURED' }
  } catch (error) {
    if (!(error instanceof LoginRefusedError) && !(error instanceof WaitTimeoutError)) throw error
    context.signal.throwIfAborted()
    // The probe has waited for as long already, where it had nothing to tell sooner.
    const unwritable = await untilTakesWrites(
      context,
      leader,
      error,
      error instanceof LoginRefusedError ? timeoutMs : 0,
    )
    if (unwritable !== null) return unwritable
    warnUnmeasured(context, error, leader)
    return { kind: 'UNMEASURED' }
  }
}

/** A write through HAProxy, or at least the leader's own word that it takes them. Throws WaitTimeoutError. */
export async function requireWrites(context: Context, leader: string): Promise<void> {
  const probe = context.writeProbe.start()
  try {
    const confirmed = await confirmWrites(context, { leader, wait: () => probe.ready, timeoutMs: WRITABLE_MS })
    if (confirmed.kind === 'NO_WRITES') throw confirmed.error
  } finally {
    await probe.stop()
  }
}

/** Why nothing was measured, whose role it is about, and what puts it right. */
export function warnUnmeasured(context: Context, error: unknown, leader: string | null): void {
  const service = leader === null ? null : serviceOf(context.layout, leader)
  const cure = error instanceof LoginRefusedError ? `. To put it right: ${cureOf(error.refusal, service)}` : ''
  context.log(`The write outage was not measured: ${messageOf(error)}${cure}`, LogLevel.WARNING)
}

async function untilTakesWrites(
  context: Context,
  leader: string | null,
  failed: LoginRefusedError | WaitTimeoutError,
  timeoutMs: number,
): Promise<Extract<Confirmed, { kind: 'NO_WRITES' }> | null> {
  let writing: Writing | null = null
  const look = async () => {
    writing = leader === null ? null : await readWritingIfAnswering(context, leader)
    if (writing !== null) return describe(leader ?? '', writing)
    // HAProxy only lets sessions through to the primary: an answer there was the primary's.
    if (failed instanceof LoginRefusedError) return null
    throw failed
  }
  try {
    await pollUntil(context, { what: `${leader} to take writes`, timeoutMs, intervalMs: POLL_MS, look })
    return null
  } catch (error) {
    if (!(error instanceof WaitTimeoutError) || writing === null) throw error
    return { kind: 'NO_WRITES', writing, error }
  }
}

function describe(leader: string, writing: Writing): string | null {
  switch (writing.kind) {
    case 'TAKES_WRITES':
      return null
    case 'IN_RECOVERY':
      return `${leader} is in recovery`
    case 'TAKES_NONE':
      return writing.why
  }
}
