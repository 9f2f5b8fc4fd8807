import { WaitTimeoutError } from '../domain/errors.ts'
import type { StepContext } from './context.ts'

/**
 * Looks again and again until nothing is lacking. `look` answers null when it is so, else what it saw. Throws
 * WaitTimeoutError with that, the signal's reason, and what `look` throws.
 */
export async function pollUntil(
  context: StepContext<unknown>,
  wait: {
    readonly what: string
    readonly timeoutMs: number
    readonly intervalMs?: number
    look(): Promise<string | null>
  },
): Promise<void> {
  const startedAt = context.now().getTime()
  for (;;) {
    const lacking = await wait.look()
    if (lacking === null) return
    const waitedMs = context.now().getTime() - startedAt
    if (waitedMs > wait.timeoutMs) throw new WaitTimeoutError(wait.what, lacking, waitedMs)
    await context.sleep(wait.intervalMs ?? 200)
  }
}
