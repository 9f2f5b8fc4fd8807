// @ts-check
import { describeChanges } from './changes.mjs'
import { dockerAnswers } from './ensure-docker.mjs'
import { refuseOtherSecrets, refuseWithoutSecrets } from './fitting-secrets.mjs'
import { missingSecrets } from './secret-files.mjs'
import { SetupError } from './setup-error.mjs'
import { planStart } from './start-stack.mjs'

/** @typedef {import('./changes.mjs').Change} Change */

/**
 * What `npm start` would do to containers, in words. Errors: those with which it would refuse to begin.
 * @param {import('./settings.mjs').Stack} stack
 * @param {import('./docker-command.mjs').Docker} docker
 * @returns {Promise<string[]>}
 */
export async function previewStart(stack, docker) {
  if (!(await dockerAnswers())) {
    throw new SetupError('Docker does not answer: what it would do is not known.', {
      remedy: '`npm start` starts Docker where it may.',
    })
  }
  await refuseWithoutSecrets(stack, docker)
  const missing = await missingSecrets(stack)
  if (missing.length > 0)
    return [`makes ${missing.join(', ')}`, 'makes and starts every container: there is no data yet']
  await refuseOtherSecrets(stack, docker)
  const { changes, leader } = await planStart(stack)
  const lines = [
    ...named(changes, 'create', 'made and started'),
    ...named(changes, 'start', 'started'),
    ...describeChanges(changes, leader),
  ]
  return lines.length === 0 ? ['nothing: every container runs and is up to date'] : lines
}

/**
 * @param {readonly Change[]} changes
 * @param {Change['action']} action
 * @param {string} what
 */
function named(changes, action, what) {
  const services = changes.filter((change) => change.action === action).map(({ service }) => service)
  return services.length === 0 ? [] : [`${what}: ${services.join(', ')}`]
}
