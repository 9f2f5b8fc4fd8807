// @ts-check

/** @param {number} milliseconds */
export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

/**
 * Asks until the answer is true; false when it has not become so in time.
 * @param {() => Promise<boolean> | boolean} condition
 * @param {{ timeoutMs: number, intervalMs: number }} bounds
 */
export async function becomesTrue(condition, { timeoutMs, intervalMs }) {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    if (await condition()) return true
    if (Date.now() >= deadline) return false
    await sleep(intervalMs)
  }
}

/** @param {number} milliseconds */
export function seconds(milliseconds) {
  return `${(milliseconds / 1000).toFixed(1)} s`
}
