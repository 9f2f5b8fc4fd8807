// @ts-check
import { docker } from './docker-command.mjs'
import { findToken } from './ensure-tokens.mjs'
import { remedyOf, withRefusedLogin } from './refused-login.mjs'
import { describeService, isRunning, lastLogLines, readServices } from './services.mjs'
import { SetupError } from './setup-error.mjs'
import { readMissing, waitingLine } from './stack-readiness.mjs'
import { sleep } from './wait.mjs'

const TIMEOUT_MS = 240_000
const INTERVAL_MS = 500
/** A container that ends so often will not come up by itself. */
const RESTARTS_THAT_TELL = 4

/** @typedef {import('./services.mjs').Service} Service */

/**
 * Waits until the cluster has a leader and streaming replicas and Barman's checks pass.
 * @param {import('./settings.mjs').Stack} stack
 * @param {import('./steps-view.mjs').StepsView} view
 * @param {import('./steps-view.mjs').Step} step
 * @param {{ verbose?: boolean }} [options] `verbose`: everything that is missing is named, not the one cause alone.
 */
export async function waitForStack(stack, view, step, { verbose = false } = {}) {
  const token = await findToken(stack.secretsDir, 'admin')
  const deadline = Date.now() + TIMEOUT_MS
  const restartsBefore = new Map((await readServices(stack.project)).map(({ name, restarts }) => [name, restarts]))
  for (;;) {
    const [services, found] = await Promise.all([readServices(stack.project), readMissing(stack, token)])
    view.board(services.map(describeService))
    if (found.length === 0) return
    const missing = await withRefusedLogin(found, services, docker)
    const waiting = waitingLine(missing, verbose)
    step.note(waiting)
    const failing = services.find(
      ({ name, restarts }) => restarts - (restartsBefore.get(name) ?? 0) >= RESTARTS_THAT_TELL,
    )
    if (failing !== undefined) throw await failureOf(stack, failing, `${failing.name} ends again and again.`)
    if (Date.now() > deadline) {
      const blamed = services.find((service) => !isRunning(service) || service.health === 'unhealthy')
      const service = blamed ?? services.find(({ name }) => name === missing[0]?.service)
      throw await failureOf(
        stack,
        service,
        `The stack is not ready after ${TIMEOUT_MS / 1000} s: ${waiting}.`,
        remedyOf(missing),
      )
    }
    await sleep(INTERVAL_MS)
  }
}

/**
 * The failure of a stack, with the last words of the service that is most likely to know why.
 * @param {import('./settings.mjs').Stack} stack
 * @param {Service | undefined} service
 * @param {string} message
 * @param {string} [remedy] Where the cause is known.
 */
export async function failureOf(stack, service, message, remedy = '') {
  if (service === undefined)
    return new SetupError(message, {
      remedy: `See: docker ps -a --filter label=com.docker.compose.project=${stack.project}`,
    })
  return new SetupError(message, {
    detail: `${describeService(service)}, its last lines:\n${await lastLogLines(service.id, 20)}`,
    remedy: `${remedy === '' ? '' : `${remedy}\n`}Its whole log: docker logs ${service.id.slice(0, 12)}\nFix what it names, then run the same command again: it continues where it stopped.`,
  })
}
