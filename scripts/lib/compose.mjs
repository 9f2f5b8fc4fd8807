// @ts-check
import { ensureCompose } from './ensure-docker.mjs'
import { explainComposeFailure } from './explain-failure.mjs'
import { lastLines, tryCommand } from './run-command.mjs'
import { ROOT } from './settings.mjs'
import { SetupError } from './setup-error.mjs'

/** @typedef {import('./settings.mjs').Stack} Stack */

/**
 * Compose for one stack, called in one way however it is installed and whatever stands in the caller's environment.
 * @param {Stack} stack
 */
export async function composeFor(stack) {
  const [program, ...first] = await ensureCompose()
  const prefix = [...first, '-p', stack.project, '--env-file', stack.envFile, '-f', 'docker/compose.yml']
  const env = { ...process.env, ...stack.settings }
  // Given above; Compose 2 would otherwise read it again, relative to a folder of its own choice.
  delete env['COMPOSE_FILE']

  /**
   * @param {readonly string[]} args
   * @param {(line: string) => void} [onLine]
   */
  const attempt = (args, onLine) =>
    tryCommand(program, [...prefix, ...args], { cwd: ROOT, env, ...(onLine === undefined ? {} : { onLine }) })

  return {
    attempt,
    /**
     * @param {readonly string[]} args
     * @param {(line: string) => void} [onLine]
     */
    async run(args, onLine) {
      const { code, stdout, output } = await attempt(args, onLine)
      if (code === 0) return stdout
      throw new SetupError(`Compose failed: ${args.join(' ')}`, {
        detail: lastLines(output, 20),
        remedy: explainComposeFailure(output, stack.settings),
      })
    },
  }
}

/** @typedef {Awaited<ReturnType<typeof composeFor>>} Compose */
