// @ts-check
import { composeFor } from './compose.mjs'
import { explainComposeFailure } from './explain-failure.mjs'
import { lastLines } from './run-command.mjs'
import { describeService, isRunning, readServices } from './services.mjs'
import { SetupError } from './setup-error.mjs'
import { failureOf, waitForStack } from './wait-for-stack.mjs'

const UP = ['up', '-d', '--no-build', '--remove-orphans']

/** @typedef {import('./settings.mjs').Stack} Stack */
/** @typedef {import('./steps-view.mjs').StepsView} StepsView */

/**
 * Starts a stack whose images and secrets are there, and waits until it is ready.
 * @param {Stack} stack
 * @param {StepsView} view
 */
export async function startStack(stack, view) {
  await view.step('containers', (step) => up(stack, view, step))
  await view.step('cluster', async (step) => {
    await waitForStack(stack, view, step)
    return "leader, streaming replicas, Barman's checks: all there"
  })
}

/**
 * @param {Stack} stack
 * @param {StepsView} view
 * @param {import('./steps-view.mjs').Step} step
 */
async function up(stack, view, step) {
  const compose = await composeFor(stack)
  const before = new Set((await readServices(stack.project)).filter(isRunning).map(({ id }) => id))
  const watching = setInterval(async () => view.board((await readServices(stack.project)).map(describeService)), 1000)
  try {
    let ended = await compose.attempt(UP, (line) => step.note(line.trim()))
    // Containers outlive the network that they were made for when Docker was reset in between.
    if (ended.code !== 0 && /network \S+ (?:was )?not found|could not be found/i.test(ended.output)) {
      ended = await compose.attempt([...UP, '--force-recreate'], (line) => step.note(line.trim()))
    }
    if (ended.code !== 0) throw await upFailure(stack, ended.output)
  } finally {
    clearInterval(watching)
  }
  const services = await readServices(stack.project)
  const fresh = services.filter(({ id }) => !before.has(id)).map(({ name }) => name)
  if (fresh.length === 0) return `all ${services.length} run already`
  return fresh.length === services.length
    ? `${fresh.length} started`
    : `started ${fresh.join(', ')}; ${before.size} ran already`
}

/**
 * @param {Stack} stack
 * @param {string} output
 */
async function upFailure(stack, output) {
  const remedy = explainComposeFailure(output, stack.settings)
  const services = await readServices(stack.project)
  const failed = services.find(
    ({ state, health }) => health === 'unhealthy' || state === 'restarting' || state === 'exited',
  )
  if (remedy === '' && failed !== undefined) return failureOf(stack, failed, `${failed.name} does not come up.`)
  return new SetupError('The containers could not be started.', { detail: lastLines(output, 20), remedy })
}
