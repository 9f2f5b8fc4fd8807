import { messageOf, UnreachableError } from '../../domain/errors.ts'
import { LogLevel } from '../../domain/operation/operation-events.ts'
import type { StepContext } from '../context.ts'
import { NodeCommandError } from './node-command-error.ts'

/** How long a container may be away in the middle of a cut-over before the step is given up. */
const AWAY_MS = 90_000
const AGAIN_MS = 500
/** Docker's answers for a program that could not be started, and for one that was killed: with its container, here. */
const KILLED_AROUND = new Set([126, 137])

/**
 * Runs a short script in a service's container; its arguments are "$1", "$2". Answers what it printed. Throws
 * NodeCommandError when it fails, and UnreachableError. A container that dies around it is started again, and the script
 * with it, so every script must be safe to run again from anywhere in it.
 */
export async function runScript(
  context: StepContext<unknown>,
  service: string,
  script: string,
  args: readonly string[],
  options: { readonly user?: string; readonly timeoutMs?: number } = {},
): Promise<string> {
  const request = { argv: ['sh', '-c', `set -eu; ${script}`, 'sh', ...args], ...options }
  const program = script.split(/[\s;]/, 1)[0] ?? 'sh'
  const startedAt = context.now().getTime()
  for (;;) {
    const { stdout, away } = await runOnce(context, service, program, request)
    if (away === null) return stdout
    if (context.now().getTime() - startedAt > AWAY_MS) throw away
    await context.sleep(AGAIN_MS)
    await startAgain(context, service)
  }
}

/** `away`: its container was not there for it, or died around it. */
async function runOnce(
  context: StepContext<unknown>,
  service: string,
  program: string,
  request: { readonly argv: readonly string[]; readonly user?: string; readonly timeoutMs?: number },
): Promise<{ readonly stdout: string; readonly away: Error | null }> {
  try {
    const { exitCode, stdout, stderr } = await context.clients.services.run(service, request)
    if (exitCode === 0) return { stdout, away: null }
    const said = `${stderr.trim() || stdout.trim() || 'no words'} (exit code ${exitCode})`
    const failed = new NodeCommandError(service, program, said)
    if (!KILLED_AROUND.has(exitCode)) throw failed
    return { stdout, away: failed }
  } catch (error) {
    if (error instanceof UnreachableError) return { stdout: '', away: error }
    throw error
  }
}

/** Nothing else does: a cut-over has the cluster for itself, and Docker only restarts what died by itself. */
async function startAgain(context: StepContext<unknown>, service: string): Promise<void> {
  try {
    const { status } = await context.clients.services.inspect(service)
    if (status !== 'exited' && status !== 'dead') return
    await context.clients.services.start(service)
    context.log(`${service} was not running: started`, LogLevel.WARNING)
  } catch (error) {
    if (!(error instanceof UnreachableError)) throw error
    context.log(messageOf(error), LogLevel.WARNING)
  }
}
