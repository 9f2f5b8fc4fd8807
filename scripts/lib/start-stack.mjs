// @ts-check
import { describeChanges, planChanges, readContainers, readHashes, readImages } from './changes.mjs'
import { composeFor } from './compose.mjs'
import { docker as realDocker } from './docker-command.mjs'
import { IS_NODE } from './existing-data.mjs'
import { explainComposeFailure } from './explain-failure.mjs'
import { refuseOtherSecrets, rememberSecrets } from './fitting-secrets.mjs'
import { awaitElection, findLeader } from './leader.mjs'
import { refuseOtherNetwork } from './other-network.mjs'
import { rollOut } from './roll-out.mjs'
import { lastLines } from './run-command.mjs'
import { describeService, isRunning, readServices } from './services.mjs'
import { setting } from './settings.mjs'
import { SetupError } from './setup-error.mjs'
import { failureOf, waitForStack } from './wait-for-stack.mjs'

const UP = ['up', '-d', '--no-build', '--remove-orphans']

/** @typedef {import('./settings.mjs').Stack} Stack */
/** @typedef {import('./steps-view.mjs').StepsView} StepsView */
/** @typedef {import('./steps-view.mjs').Step} Step */

/**
 * @typedef {object} StartOptions
 * @property {boolean} [all] Every container is made again: its secrets are new.
 * @property {{ roles: (step: Step) => Promise<string> }} [adopts] The secrets have just been set on the data: they are not compared with it. `roles`: what
 *   its roles still need, once the containers have the secrets.
 * @property {boolean} [verbose] Everything that is waited for is named, not the one cause alone.
 */

/**
 * Starts a stack whose images and secrets are there, and waits until it is ready. What runs and is up to date stays as it is.
 * @param {Stack} stack
 * @param {StepsView} view
 * @param {StartOptions} [options]
 */
export async function startStack(stack, view, { all = false, adopts, verbose = false } = {}) {
  if (adopts === undefined) await refuseOtherSecrets(stack, realDocker)
  const command = adopts === undefined ? 'npm start' : 'npm run secrets:reset'
  await view.step('containers', (step) => up(stack, view, step, { all, command }))
  if (adopts !== undefined) await view.step('roles', adopts.roles)
  await view.step('cluster', async (step) => {
    await waitForStack(stack, view, step, { verbose })
    await rememberSecrets(stack, realDocker)
    return "leader, streaming replicas, Barman's checks: all there"
  })
}

/**
 * What a start would do to containers.
 * @param {Stack} stack
 * @param {boolean} [all]
 */
export async function planStart(stack, all = false) {
  await refuseOtherNetwork(stack, realDocker)
  const compose = await composeFor(stack)
  const [hashes, containers] = await Promise.all([readHashes(compose), readContainers(stack.project, realDocker)])
  const images = await readImages(containers, realDocker)
  const changes = planChanges({ hashes, containers, images, all })
  const about = { project: stack.project, docker: realDocker, compose: compose.run, note: () => undefined }
  const { leader } = changes.some(({ action }) => action === 'recreate') ? await findLeader(about) : { leader: null }
  return { compose, changes, leader, services: [...hashes.keys()] }
}

/**
 * @param {Stack} stack
 * @param {StepsView} view
 * @param {Step} step
 * @param {{ all: boolean, command: string }} options `command`: what is run again where this does not come to its end.
 */
async function up(stack, view, step, { all, command }) {
  const { compose, changes, leader: leads, services } = await planStart(stack, all)
  const about = { project: stack.project, docker: realDocker, note: step.note, command }
  const takesNodes = changes.some(({ service, action }) => action === 'recreate' && IS_NODE.test(service))
  const find = async () => (await findLeader(about)).leader
  const leader = leads ?? (takesNodes ? await awaitElection(about, electionMs(stack), find) : null)
  const before = new Set((await readServices(stack.project)).filter(isRunning).map(({ id }) => id))
  for (const line of describeChanges(changes, leader)) view.line(`  ${line}`)
  const watching = setInterval(async () => view.board((await readServices(stack.project)).map(describeService)), 1000)
  const onLine = (/** @type {string} */ line) => step.note(line.trim())
  try {
    if (leader !== null && changes.some(({ action }) => action === 'recreate')) {
      const inTurn = async (/** @type {readonly string[]} */ args) => {
        const ended = await compose.attempt(args, onLine)
        if (ended.code !== 0) throw await upFailure(stack, ended.output)
      }
      await rollOut({ ...about, compose: inTurn }, changes, services)
    } else {
      let ended = await compose.attempt(all ? [...UP, '--force-recreate'] : UP, onLine)
      // Containers outlive the network that they were made for when Docker was reset in between.
      if (ended.code !== 0 && /network \S+ (?:was )?not found|could not be found/i.test(ended.output)) {
        ended = await compose.attempt([...UP, '--force-recreate'], onLine)
      }
      if (ended.code !== 0) throw await upFailure(stack, ended.output)
    }
  } finally {
    clearInterval(watching)
  }
  const now = await readServices(stack.project)
  const fresh = now.filter(({ id }) => !before.has(id)).map(({ name }) => name)
  if (fresh.length === 0) return `all ${now.length} run already`
  return fresh.length === now.length
    ? `${fresh.length} started`
    : `started ${fresh.join(', ')}; ${before.size} ran already`
}

/**
 * How long an election may take: the lock of the leader that is gone, and a turn of Patroni's loop.
 * @param {Stack} stack
 */
export const electionMs = ({ settings }) =>
  (Number(setting(settings, 'PATRONI_TTL')) + Number(setting(settings, 'PATRONI_LOOP_WAIT'))) * 1000

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
