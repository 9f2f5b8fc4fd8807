// @ts-check
// npm test: everything, from a bare machine on. npm test -- unit|integration|stack|checks [filter...]: a part of it.
// npm run test:faults [-- filter...]: every fault, and the table in docs/RELIABILITY.md, rewritten if all of them ran.
// npm run test:exactness [-- count]: this number of random recovery targets (50), and their table there.

import { buildDist } from './lib/build-app.mjs'
import { viewForTerminal } from './lib/command-line.mjs'
import { ensureClientTools } from './lib/ensure-client-tools.mjs'
import { ensureDependencies } from './lib/ensure-dependencies.mjs'
import { forgetExactness, writeExactness } from './lib/exactness-table.mjs'
import { prepare, prepareChecks } from './lib/prepare.mjs'
import { forgetFaults, writeReliability } from './lib/reliability-table.mjs'
import { runEverything } from './lib/run-everything.mjs'
import { ROOT } from './lib/settings.mjs'
import { entryPoint, SetupError } from './lib/setup-error.mjs'
import { keepsTestStack, removeTestStack, TEST_STACK_FILES } from './lib/test-stack.mjs'
import { EXACTNESS, FAULTS, runChecks, runSuite, STACK_PARTS, SUITES, summarize } from './lib/test-suites.mjs'

const KNOWN = ['checks', ...SUITES, FAULTS, EXACTNESS]
const TARGETS = '50'
const [part, ...rest] = process.argv.slice(2).filter((argument) => argument !== '--')

await entryPoint(async () => {
  if (part !== undefined && !KNOWN.includes(part)) {
    throw new SetupError(`There is no suite "${part}".`, { remedy: `There are: ${KNOWN.join(', ')}.` })
  }
  const seed = process.env['HOWDAH_SEED'] ?? String(Date.now() % 1_000_000_007)
  process.env['HOWDAH_SEED'] = seed
  const view = viewForTerminal()
  const outcomes = part === undefined ? await runEverything(view) : await runPart(view, part)
  if (part === FAULTS) await writeReliability(outcomes.at(-1), rest.length === 0)
  if (part === EXACTNESS) await writeExactness(outcomes.at(-1), seed)
  console.log(`\n${summarize(outcomes)}`)
  if (outcomes.some(({ failed }) => failed > 0)) process.exitCode = 1
})

/**
 * Makes ready what it needs, and no more: the unit tests need no Docker.
 * @param {import('./lib/steps-view.mjs').StepsView} view
 * @param {string} name
 */
async function runPart(view, name) {
  if (name === 'checks') {
    await ensureDependencies(ROOT)
    await view.step('build', buildDist)
    const outcomes = await runChecks(await prepareChecks(view))
    for (const { name, output } of outcomes) if (output !== '') console.log(`✘ ${name}\n${output}\n`)
    return outcomes
  }
  if (name === 'unit') await ensureDependencies(ROOT)
  else await prepare(view, TEST_STACK_FILES)
  if (name === 'integration') await ensureClientTools()
  if (name === FAULTS) await forgetFaults()
  if (name === EXACTNESS) {
    process.env['HOWDAH_TARGETS'] = rest[0] ?? TARGETS
    await forgetExactness()
  }
  console.log(`\n── ${name} ──`)
  const outcome = await runSuite(name, name === EXACTNESS ? [] : rest)
  // The suite removes its stack by itself, unless it was ended by force.
  if (STACK_PARTS.includes(name) && !keepsTestStack()) await removeTestStack()
  return [outcome]
}
