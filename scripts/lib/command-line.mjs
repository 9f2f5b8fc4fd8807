// @ts-check
import { createStepsView } from './steps-view.mjs'

/** @param {string} flag */
export const hasFlag = (flag) => process.argv.includes(flag)

/**
 * The view that fits where the output goes. With `--json` standard output is kept for the answer.
 * @param {boolean} [json]
 */
export function viewForTerminal(json = false) {
  const out = json ? process.stderr : process.stdout
  return createStepsView({ mode: out.isTTY && !process.env['CI'] ? 'live' : 'plain', out })
}
