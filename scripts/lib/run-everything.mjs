// @ts-check
import { ensureClientTools } from './ensure-client-tools.mjs'
import { allOf, beginPreparing, prepareChecks } from './prepare.mjs'
import { keepsTestStack, removeTestStack, startTestStack, TEST_STACK_FILES } from './test-stack.mjs'
import { runChecks, runSuite } from './test-suites.mjs'

/** @typedef {import('./test-suites.mjs').Outcome} Outcome */
/** @typedef {import('./steps-view.mjs').StepsView} StepsView */
/** @typedef {import('./steps-view.mjs').Step} Step */

/**
 * Checks and every suite of npm test, from a bare machine on. Unit tests and checks run while the images are built, the
 * integration tests while the stack comes up. The stack suite runs alone: what it waits for has deadlines.
 * @param {StepsView} view
 * @returns {Promise<Outcome[]>}
 */
export async function runEverything(view) {
  const keeps = keepsTestStack()
  try {
    const preparing = await beginPreparing(view, TEST_STACK_FILES)
    const others = runOthers(view, preparing)
    await allOf([others, preparing.stack.then((stack) => startTestStack(stack, view))])
    // The stack that has just been started: its suite takes it over.
    process.env['HOWDAH_KEEP_STACK'] = '1'
    console.log('\n── stack ──')
    return [...(await others), await runSuite('stack', [])]
  } finally {
    if (!keeps) await removeTestStack()
  }
}

/**
 * One after the other: there are two cores.
 * @param {StepsView} view
 * @param {import('./prepare.mjs').Preparing} preparing
 */
async function runOthers(view, { dependencies, dist, stack }) {
  await dependencies
  const unit = await runInStep(view, 'unit', async (step) => [await runSuite('unit', [], step)])
  await dist
  const checks = await runInStep(view, 'checks', () => runChecks(stack.then(() => prepareChecks(view))))
  await stack
  await ensureClientTools()
  const integration = await runInStep(view, 'integration', async (step) => [await runSuite('integration', [], step)])
  return [...checks, ...unit, ...integration]
}

/**
 * @param {StepsView} view
 * @param {string} name
 * @param {(step: Step) => Promise<Outcome[]>} run
 */
async function runInStep(view, name, run) {
  const outcomes = await view.step(name, async (step) => {
    const ended = await run(step)
    const failing = ended.filter(({ failed }) => failed > 0).map(({ name }) => name)
    step.tell({ ok: failing.length === 0, detail: failing.length === 0 ? '' : `failed: ${failing.join(', ')}` })
    return ended
  })
  for (const { name, output } of outcomes) if (output !== '') view.line(`✘ ${name}\n${output}\n`)
  return outcomes
}
