// @ts-check
import { lastLines, tryCommand } from './run-command.mjs'
import { SetupError } from './setup-error.mjs'

/** As src/clients/docker/docker-sandboxes.ts sets it. */
export const PROJECT_LABEL = 'howdah.project'

/** The PostgreSQL of a copy may run in it; what a copy was is replayed again, or thrown away. */
const COMMANDS = { stop: ['stop', '--time', '1'], remove: ['rm', '--force', '--volumes'] }

/**
 * Ends the containers in which a stack's recovered copies run: the worker makes them, and Compose knows nothing of them.
 * Answers how many there were.
 * @param {string} project
 * @param {'stop' | 'remove'} how
 * @param {(args: readonly string[]) => Promise<{ code: number, stdout: string, output: string }>} [docker]
 */
export async function endSandboxes(project, how, docker = (args) => tryCommand('docker', args)) {
  const list = [
    'ps',
    '--quiet',
    ...(how === 'remove' ? ['--all'] : []),
    '--filter',
    `label=${PROJECT_LABEL}=${project}`,
  ]
  const found = (await succeed(docker, list)).split('\n').filter((id) => id !== '')
  if (found.length > 0) await succeed(docker, [...COMMANDS[how], ...found])
  return found.length
}

/**
 * @param {(args: readonly string[]) => Promise<{ code: number, stdout: string, output: string }>} docker
 * @param {readonly string[]} args
 */
async function succeed(docker, args) {
  const { code, stdout, output } = await docker(args)
  if (code === 0) return stdout
  throw new SetupError(`docker ${args.join(' ')} failed.`, {
    detail: lastLines(output, 20),
    remedy: `See: docker ps --all --filter label=${PROJECT_LABEL}`,
  })
}
