// @ts-check
// npm test: everything, from a bare machine on. npm test -- unit|integration|stack|checks [filter...]: a part of it.
// npm run test:faults [-- filter...]: every fault, and the table in docs/RELIABILITY.md, rewritten if all of them ran.
// npm run test:exactness [-- count]: this number of random recovery targets (50), and their table there.

import { buildDist } from './lib/build-app.mjs'
import { viewForTerminal } from './lib/command-line.mjs'
import { ensureDependencies } from './lib/ensure-dependencies.mjs'
import { forgetExactness, writeExactness } from './lib/exactness-table.mjs'
import { prepare, prepareChecks } from './lib/prepare.mjs'
import { forgetFaults, writeReliability } from './lib/reliability-table.mjs'
import { ROOT } from './lib/settings.mjs'
import { entryPoint, SetupError } from './lib/setup-error.mjs'
import { removeTestStack, TEST_STACK_FILES } from './lib/test-stack.mjs'
import { EXACTNESS, FAULTS, runChecks, runSuite, SUITES, summarize } from './lib/test-suites.mjs'

const PARTS = ['checks', ...SUITES]
const STACK_PARTS = ['stack', FAULTS, EXACTNESS]
const KNOWN = [...PARTS, FAULTS, EXACTNESS]
const TARGETS = '50'
const [first, ...rest] = process.argv.slice(2).filter((argument) => argument !== '--')
const parts = first === undefined ? PARTS : [first]

await entryPoint(async () => {
  if (first !== undefined && !KNOWN.includes(first)) {
    throw new SetupError(`There is no suite "${first}".`, { remedy: `There are: ${KNOWN.join(', ')}.` })
  }
  const checksImage = await setUp()
  /** @type {import('./lib/test-suites.mjs').Outcome[]} */
  const outcomes = []
  if (parts.includes(FAULTS)) await forgetFaults()
  const seed = process.env['HOWDAH_SEED'] ?? String(Date.now() % 1_000_000_007)
  process.env['HOWDAH_SEED'] = seed
  if (parts.includes(EXACTNESS)) {
    process.env['HOWDAH_TARGETS'] = rest[0] ?? TARGETS
    await forgetExactness()
  }
  for (const part of parts) {
    console.log(`\n── ${part} ──`)
    const ended =
      part === 'checks' ? await runChecks(checksImage) : [await runSuite(part, part === EXACTNESS ? [] : rest)]
    for (const { name, output } of ended) if (output !== '') console.log(`✘ ${name}\n${output}\n`)
    outcomes.push(...ended)
  }
  // The suite removes its stack by itself, unless it was ended by force.
  if (parts.some((part) => STACK_PARTS.includes(part)) && !process.env['HOWDAH_KEEP_STACK']) await removeTestStack()
  if (parts.includes(FAULTS)) await writeReliability(outcomes.at(-1), rest.length === 0)
  if (parts.includes(EXACTNESS)) await writeExactness(outcomes.at(-1), seed)
  console.log(`\n${summarize(outcomes)}`)
  if (outcomes.some(({ failed }) => failed > 0)) process.exitCode = 1
})

/**
 * What the parts that were asked for need, and no more: the unit tests need no Docker.
 * @returns {Promise<string>} The image for the checks; none where they were not asked for.
 */
async function setUp() {
  const view = viewForTerminal()
  const isWhole = parts.some((part) => part === 'integration' || STACK_PARTS.includes(part))
  if (isWhole) await prepare(view, TEST_STACK_FILES)
  else await ensureDependencies(ROOT)
  if (!parts.includes('checks')) return ''
  if (!isWhole) await view.step('build', buildDist)
  return prepareChecks(view)
}
