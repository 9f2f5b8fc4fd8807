import type { StepContext } from '../context.ts'
import { NodeCommandError } from './cut-over-errors.ts'

/**
 * Runs a short script in a service's container; its arguments are "$1", "$2". Answers what it printed. Throws
 * NodeCommandError when it fails, and UnreachableError.
 */
export async function runScript(
  context: StepContext<unknown>,
  service: string,
  script: string,
  args: readonly string[],
  options: { readonly user?: string; readonly timeoutMs?: number } = {},
): Promise<string> {
  const argv = ['sh', '-c', `set -eu; ${script}`, 'sh', ...args]
  const { exitCode, stdout, stderr } = await context.clients.services.run(service, { argv, ...options })
  if (exitCode !== 0) {
    const said = `${stderr.trim() || stdout.trim() || 'no words'} (exit code ${exitCode})`
    throw new NodeCommandError(service, script.split(/[\s;]/, 1)[0] ?? 'sh', said)
  }
  return stdout
}
