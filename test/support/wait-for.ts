import { messageOf } from '../../src/domain/errors.ts'

/**
 * Waits until the condition is true, and says what it waited for and what it last saw when it gives up. Errors count as
 * "not yet".
 */
export async function waitFor<T>(
  what: string,
  condition: () => Promise<T> | T,
  { timeoutMs = 30_000, intervalMs = 50 }: { timeoutMs?: number; intervalMs?: number } = {},
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = Date.now() + timeoutMs
  let last = 'nothing'
  for (;;) {
    try {
      const value = await condition()
      if (isThere(value)) return value
      last = String(value)
    } catch (error) {
      last = messageOf(error)
    }
    if (Date.now() > deadline) throw new Error(`gave up waiting for ${what} after ${timeoutMs} ms; last seen: ${last}`)
    await new Promise((resolve) => setTimeout(resolve, intervalMs))
  }
}

function isThere<T>(value: T): value is Exclude<T, false | null | undefined> {
  return value !== false && value !== null && value !== undefined
}
