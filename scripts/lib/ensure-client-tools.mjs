// @ts-check
import { installPackages } from './apt.mjs'
import { isInstalled } from './run-command.mjs'

/** What the programs of docs/CLIENTS.md are written with, and its test runs; of the same name as Debian's packages. */
const TOOLS = ['curl', 'jq']

/** Makes them be there: installed where that is possible. */
export async function ensureClientTools() {
  const installed = await Promise.all(TOOLS.map(isInstalled))
  const missing = TOOLS.filter((_, index) => installed[index] !== true)
  if (missing.length > 0) await installPackages(missing, { forWhat: missing.join(' and ') })
}
